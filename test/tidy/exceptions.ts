/**
 * Where product code may reach the world directly, and why. One that nothing needs any more is a
 * failure.
 */
import type { Exception } from './bans.ts';

export const exceptions: readonly Exception[] = [
  {
    path: 'src/io/node/',
    doors: ['clock', 'timers', 'random', 'disk', 'sockets'],
    reason: 'the real side of the doors',
  },
  {
    path: 'src/config/',
    doors: ['disk'],
    reason: 'settings and secrets are read before there is a world',
  },
  {
    path: 'src/app/',
    doors: ['clock', 'timers', 'random', 'disk', 'sockets', 'processes', 'settings'],
    reason:
      'assembly: builds the world; the launcher has to do with processes, not with the product',
  },
  {
    path: 'src/kv/etcd/',
    doors: ['sockets'],
    reason: 'the driver speaks etcd’s own protocol over HTTP/2',
  },
  {
    path: 'src/storage/lmdb-index.ts',
    doors: ['disk'],
    reason: 'the index is LMDB, which maps its own files',
  },
  {
    path: 'src/gateways/rest/',
    doors: ['sockets'],
    reason: 'the HTTP server is Node’s',
  },
  {
    path: 'src/client/',
    doors: ['sockets', 'timers', 'random'],
    reason: 'runs in applications, which have no world of ours',
  },
  {
    path: 'src/cli/',
    doors: ['clock', 'timers', 'random', 'disk'],
    reason: 'runs at a terminal, which has no world of ours',
  },
];

/**
 * Files that no product file imports: what is run or published, and the simulated side of a door.
 */
export const entries: readonly string[] = [
  'src/app/node.ts',
  'src/app/dftfs.ts',
  'src/app/testing.ts',
  'src/app/metrics-page.ts',
  'src/app/local/start.ts',
  'src/app/local/stop.ts',
  'src/app/local/backup.ts',
  'src/app/local/restore.ts',
  'src/client/index.ts',
  'src/kv/memory/',
  'src/storage/memory-index.ts',
];
