import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { verbs } from '../verbs.ts';
import { bashCompletion } from './bash-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

/** What bash would offer for these words, the last of which is being written. */
function offered(...words: string[]): string[] {
  const script = `
${bashCompletion(verbs)}
compopt() { :; }
asked() { printf 'asked-%s\\n' "$2"; }
COMP_WORDS=(asked ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_dftfs
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(Boolean);
}

test('bash is offered verbs, options, and what the cluster is asked for', () => {
  assert.deepEqual(offered('ca'), ['cat']);
  assert.ok(offered('').includes('cluster'));
  assert.ok(offered('cluster', '').includes('drain'));
  assert.deepEqual(offered('cluster', 'dr'), ['drain']);
  assert.deepEqual(offered('put', '--skip'), ['--skip-existing']);
  assert.deepEqual(offered('cluster', 'drain', '--wa'), ['--wait']);
  assert.deepEqual(offered('cat', '/a'), ['asked-remote']);
  assert.deepEqual(offered('cluster', 'drain', 'n'), ['asked-node']);
  assert.deepEqual(offered('completion', 'b'), ['asked-shell']);
  assert.ok(offered('put', '/et').includes('/etc'));
});

test('the value of an option is no verb', () => {
  assert.deepEqual(offered('--endpoint', 'http://ls', 'ca'), ['cat']);
  assert.deepEqual(offered('--endpoint', 'ht'), []);
  assert.ok(offered('--token-file', '/et').includes('/etc'));
  assert.ok(offered('ls', '--ca', '/et').includes('/etc'));
});

test('the script for zsh knows each verb and option', () => {
  const script = zshCompletion(verbs);
  for (const { name, options } of verbs) {
    assert.ok(script.includes(`'${name}')`), name);
    for (const option of options) assert.ok(script.includes(`--${option.name}[`), option.name);
  }
});
