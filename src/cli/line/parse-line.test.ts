import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../exit-codes.ts';
import { verbs } from '../verbs.ts';
import { parseLine, usageOf } from './parse-line.ts';

function parsed(...words: string[]) {
  const line = parseLine(words, verbs);
  assert.ok(line.kind === 'run', `${words} asks for help`);
  return { ...line, name: line.verb.name };
}

const refused = (words: readonly string[], pattern: RegExp): void =>
  assert.throws(
    () => parseLine(words, verbs),
    (error) => error instanceof UsageError && pattern.test(error.message),
    words.join(' '),
  );

test('a verb, its options and its arguments', () => {
  const { name, options, args } = parsed(
    'put',
    '-r',
    'a',
    '-j',
    '7',
    'b',
    '-m',
    'x=1',
    '--meta=y=2',
    '/c',
  );
  assert.equal(name, 'put');
  assert.deepEqual(args, ['a', 'b', '/c']);
  assert.equal(options.flag('recursive'), true);
  assert.equal(options.flag('skip-existing'), false);
  assert.equal(options.count('parallel', 4, 64), 7);
  assert.deepEqual(options.texts('meta'), ['x=1', 'y=2']);
});

test('global options stand before or after the verb', () => {
  for (const words of [
    ['-e', 'http://a', '--endpoint', 'http://b', '--json', 'ls', '/x'],
    ['ls', '/x', '--json', '-e', 'http://a', '--endpoint=http://b'],
  ]) {
    const { name, options, args } = parsed(...words);
    assert.deepEqual([name, args], ['ls', ['/x']]);
    assert.deepEqual(options.texts('endpoint'), ['http://a', 'http://b']);
    assert.equal(options.flag('json'), true);
  }
});

test('a verb of two words', () => {
  const { name, args, options } = parsed('cluster', 'drain', '-w', 'node-1');
  assert.deepEqual([name, args, options.flag('wait')], ['cluster drain', ['node-1'], true]);
});

test('a dash is an argument, and after two dashes everything is', () => {
  assert.deepEqual(parsed('put', '-', '/a').args, ['-', '/a']);
  assert.deepEqual(parsed('ls', '--', '--json').args, ['--json']);
  assert.equal(parsed('ls', '--', '--help').options.flag('help'), false);
});

test('help is asked for at any place', () => {
  const verb = (words: readonly string[]) => {
    const line = parseLine(words, verbs);
    return line.kind === 'help' ? [line.verb?.name, line.group] : line.kind;
  };
  assert.deepEqual(verb([]), [undefined, undefined]);
  assert.deepEqual(verb(['--help']), [undefined, undefined]);
  assert.deepEqual(verb(['put', '-h']), ['put', undefined]);
  assert.deepEqual(verb(['-h', 'put']), ['put', undefined]);
  assert.deepEqual(verb(['cluster']), [undefined, 'cluster']);
  assert.deepEqual(verb(['cluster', '--help']), [undefined, 'cluster']);
  assert.deepEqual(verb(['cluster', 'drain', '--help']), ['cluster drain', undefined]);
});

test('what makes no sense is refused, with a way out', () => {
  refused(['lss'], /did you mean ls\?/);
  refused(['clone'], /--help/);
  refused(['cluster', 'drian', 'x'], /did you mean cluster drain\?/);
  refused(['ls', '--recursivly'], /--recursivly/);
  refused(['--bogus'], /--bogus/);
  refused(['put', 'a'], /dftfs put \[options\] LOCAL… REMOTE/);
  refused(['tree', 'a', 'b'], /Too many/);
  refused(['put', 'a', '/b', '-j'], /--parallel/);
  const { options } = parsed('put', 'a', '/b', '-j', '0');
  assert.throws(() => options.count('parallel', 4, 64), /--parallel is a number from 1 to 64/);
});

test('no verb has an option twice, nor one of the global ones', () => {
  for (const verb of verbs) {
    const taken = verb.options.flatMap(({ name, short }) => [name, ...(short ? [short] : [])]);
    const global = ['endpoint', 'e', 'token', 'json', 'quiet', 'q', 'help', 'h'];
    assert.equal(new Set([...taken, ...global]).size, taken.length + global.length, verb.name);
  }
  assert.equal(new Set(verbs.map(({ name }) => name)).size, verbs.length);
  assert.match(usageOf(verbs[0] as (typeof verbs)[0]), /^dftfs put /);
});
