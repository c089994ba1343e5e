/** The processes of a cluster as a table for people. */
import { etcdUrl, logPath, type Manifest, nodeUrl, processFolder } from './manifest.ts';
import { findProcess } from './process-record.ts';

const headings = ['name', 'pid', 'ports', 'url', 'data', 'log'];

export function processTable(data: string, manifest: Manifest): string {
  const row = (name: string, ports: readonly number[], url: string) => {
    const found = findProcess(data, name);
    const pid = found === undefined ? '-' : String(found.pid);
    const shown = found?.state === 'stopped' ? `${pid} (stopped)` : pid;
    return [name, shown, ports.join(' '), url, processFolder(data, name), logPath(data, name)];
  };
  return aligned([
    headings,
    ...manifest.etcd.map((one) =>
      row(one.name, [one.clientPort, one.peerPort], etcdUrl(manifest, one)),
    ),
    ...manifest.nodes.map((one) =>
      row(one.name, [one.httpPort, one.rpcPort], nodeUrl(manifest, one)),
    ),
  ]);
}

function aligned(rows: readonly string[][]): string {
  const widths = headings.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
