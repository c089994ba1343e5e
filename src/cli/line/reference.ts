/** docs/cli.md, from the table of verbs. Pure. */
import { globalOptions, type Option, type Section, type Verb } from '../verb.ts';
import { exitPairs, sentence } from './help.ts';
import { usageOf } from './parse-line.ts';

const opening = `# The command line

Made from the table of verbs by \`./dftfs help --markdown > docs/cli.md\`; a test compares the two.

\`./dftfs\` runs from a clone. \`dftfs help VERB\`, or \`VERB --help\`, says the same as this page.

## Paths

- A path of the cluster begins with a slash, which may be left out: \`/a/b\`. Folders are where files are; nothing has to
  be made first. Names are flat: \`/a\` and \`/a/b\` can both be files.
- **Where things go** doesn't depend on what is there: a destination with a slash at its end,
  or one for several sources, is a folder to put them *into*; else it is the name itself. \`put -r photos /p\` makes \`/p/1.jpg\`, and
  \`put -r photos /p/\` makes \`/p/photos/1.jpg\`. Only for \`get\` a local folder that exists counts as one, too.
- **Patterns** in paths of the cluster: \`*\` and \`?\` within a name, \`**\` across folders, \`[a-z]\`, \`[!a]\`, \`{a,b}\`, and a backslash
  before what is meant as it is. Quote them, or the shell takes them for local files. What a
  pattern finds are files; with \`-r\` folders too. \`--literal\` turns patterns off. A pattern over several folders reads all names under its fixed beginning.
- \`-\` is stdin or stdout.

## Settings

The first that is given: flags; \`DFTFS_ENDPOINT\` (several with commas), \`DFTFS_TOKEN_FILE\`, \`DFTFS_TOKEN\` and \`DFTFS_CA\`; \`$XDG_CONFIG_HOME/dftfs/config.json\`, else
\`~/.config/dftfs/config.json\`; else \`http://127.0.0.1:8080\`.

\`\`\`json
{ "endpoints": ["https://10.0.0.1:8080", "https://10.0.0.2:8080"], "tokenFile": "/home/me/.dftfs-token", "ca": "/home/me/dftfs-ca.crt" }
\`\`\`

When an endpoint dies the next is asked. A token on the command line can be seen by others of the machine, in \`ps\`: keep it in a file of its own with
mode 600, and name that with \`--token-file\`, \`DFTFS_TOKEN_FILE\` or \`"tokenFile"\`. \`--token-file /dev/stdin\` takes it from a pipe;
\`"token"\` in the settings holds it itself, if they have mode 600. \`NO_COLOR\` turns colours off; on anything but a terminal there are none.

## Output

What was asked for goes to stdout, all else to stderr. With \`--json\` each line on stdout is one object, and so is each failure on
stderr: \`{"error": {"code", "message", "path", "exit"}}\`, and each \`{"warning"}\`. Progress is drawn on a terminal only; elsewhere there is a line a file.
`;

export function reference(sections: readonly Section[]): string {
  const codes = exitPairs.map(([code, means]) => `| ${code} | ${means} |`);
  return [
    opening,
    '## Exit codes\n\nOf several failures the highest.\n',
    `| code | meaning |\n|---|---|\n${codes.join('\n')}\n`,
    `## Options of all verbs\n\n${optionTable(globalOptions)}\n`,
    ...sections.flatMap(({ title, verbs }) => [
      `## ${title}\n\n${verbs.map(summaryRow).join('\n')}\n`,
      ...verbs.map(describe),
    ]),
  ].join('\n');
}

const summaryRow = ({ name, summary }: Verb): string =>
  `- [\`${name}\`](#${name.replaceAll(' ', '-')}): ${summary}`;

function describe(verb: Verb): string {
  const { name, summary, details = [], options, examples = [] } = verb;
  const shown = examples.map(({ line, says }) => `${line}\n    # ${says}`).join('\n');
  return [
    `### ${name}\n\n\`${usageOf(verb)}\`\n`,
    `${sentence(summary)}\n`,
    ...details.map((text) => `${text}\n`),
    ...(options.length > 0 ? [`${optionTable(options)}\n`] : []),
    ...(shown ? [`\`\`\`sh\n${shown}\n\`\`\`\n`] : []),
  ].join('\n');
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ name, short, value, help }) => {
    const long = `\`--${name}${value === undefined ? '' : ` ${value}`}\``;
    return `| ${short === undefined ? long : `\`-${short}\`, ${long}`} | ${help} |`;
  });
  return `| option | |\n|---|---|\n${rows.join('\n')}`;
}
