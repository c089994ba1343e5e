/**
 * `dftfs`: the storage and its cluster for people at a terminal and for their scripts. It is a
 * client like any other: what it does goes through `client`, and nothing is decided here. Results
 * go to stdout, all else to stderr, and the exit code says what became of it.
 */
import { exitCodes, UsageError } from './exit-codes.ts';
import { parseLine } from './line/parse-line.ts';
import { Output } from './output/output.ts';
import { Session } from './session.ts';
import { noSettings, readSettings } from './settings.ts';
import type { Terminal } from './terminal.ts';
import { helpText } from './verbs/help.ts';
import { sections, verbs } from './verbs.ts';

/** Returns the exit code. Never throws. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  // Before the line is understood, a program that asked for JSON gets its errors so.
  let output = new Output(terminal, { json: words.includes('--json'), quiet: false });
  try {
    const line = parseLine(words, verbs);
    if (line.kind === 'help') {
      output.print(
        helpText(sections, line.verb ? [line.verb.name] : line.group ? [line.group] : []),
      );
      return words.length === 0 ? exitCodes.usage.code : exitCodes.ok.code;
    }
    const { verb, options, args } = line;
    output = new Output(terminal, { json: options.flag('json'), quiet: options.flag('quiet') });
    const given = {
      endpoints: options.texts('endpoint'),
      ...{ token: options.text('token'), tokenFile: options.text('token-file') },
      otherToken: options.text('to-token'),
      otherTokenFile: options.text('to-token-file'),
      ca: options.text('ca'),
    };
    const settings = verb.standsAlone
      ? noSettings
      : await readSettings(given, terminal.environment);
    for (const warning of settings.warnings) output.warn(warning);
    const session = new Session({ args, options, settings, output, terminal });
    try {
      await verb.run(session);
    } finally {
      session.close();
    }
  } catch (error) {
    output.fail(error);
    if (error instanceof UsageError) output.note('dftfs --help, or dftfs VERB --help, tells more.');
  }
  return output.exitCode;
}
