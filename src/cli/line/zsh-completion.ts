/** The script by which zsh completes. Pure. */
import { globalOptions, type Verb } from '../verb.ts';
import { groupsOf, kindsOf, lastWord } from './completion.ts';

export function zshCompletion(verbs: readonly Verb[]): string {
  const groups = groupsOf(verbs);
  const single = verbs.filter(({ name }) => !name.includes(' '));
  const firsts = [
    ...single.map(({ name, summary }) => quoted(`${name}:${summary}`)),
    ...[...groups].map(([group, some]) => quoted(`${group}:${some.map(lastWord).join(', ')}`)),
  ];
  const seconds = [...groups].map(([group, some]) => {
    const rows = some.map((verb) => quoted(`${lastWord(verb)}:${verb.summary}`)).join(' ');
    return `    ${group})
      if ((CURRENT == 3)); then verbs=(${rows}); _describe verb verbs; return; fi
      verb="${group} $words[3]" from=4 ;;`;
  });
  const cases = verbs.map(
    (verb) => `    ${quoted(verb.name)}) arguments=(${zshArguments(verb).join(' ')}) ;;`,
  );
  return `#compdef dftfs
# Completion of dftfs for zsh: source <(dftfs completion zsh)
_dftfs_asked() {
  local -a found
  found=("\${(@f)$(\${command:-dftfs} completion $1 "$PREFIX" 2>/dev/null)}")
  compadd -Q -S '' -a found
}
_dftfs() {
  local verb=$words[2] from=3
  local command=$words[1]
  local -a verbs arguments
  if ((CURRENT == 2)); then
    verbs=(${firsts.join(' ')})
    _describe verb verbs
    return
  fi
  case $verb in
${seconds.join('\n')}
  esac
  case $verb in
${cases.join('\n')}
  esac
  words=(dftfs "\${(@)words[from,-1]}")
  ((CURRENT -= from - 2))
  _arguments -s $arguments
}
if [[ $funcstack[1] == _dftfs ]]; then _dftfs "$@"; else compdef _dftfs dftfs; fi
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zshArguments({ options, arguments: args }: Verb): string[] {
  const flags = [...options, ...globalOptions].flatMap(({ name, short, value, many, help }) => {
    const says = `[${help.replaceAll(/[[\]:]/g, (sign) => `\\${sign}`)}]`;
    const takes = value === undefined ? '' : `:${value}:${value === 'FILE' ? '_files' : ' '}`;
    const star = many ? '*' : '';
    const words = [`--${name}`, ...(short ? [`-${short}`] : [])];
    return words.map((word) => quoted(`${star}${word}${says}${takes}`));
  });
  const actions: Record<string, string> = { local: '_files' };
  const places = kindsOf(args).map((kind) => actions[kind] ?? `_dftfs_asked ${kind}`);
  if (places.length === 0) return flags;
  // In braces zsh runs it as it is; without, it would put words of its own in between.
  return [...flags, quoted(`*:${args[0]?.name}:{ ${places.join('; ')} }`)];
}
