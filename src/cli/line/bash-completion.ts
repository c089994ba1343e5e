/** The script by which bash completes. Pure. */
import { globalOptions, type Verb } from '../verb.ts';
import { filed, groupsOf, kindsOf, lastWord, valued, wordsOf } from './completion.ts';

export function bashCompletion(verbs: readonly Verb[]): string {
  const groups = groupsOf(verbs);
  const firsts = [...new Set(verbs.map(({ name }) => name.split(' ')[0]))];
  const seconds = [...groups].map(
    ([group, some]) => `    ${group}) words='${some.map(lastWord).join(' ')}' ;;`,
  );
  const cases = verbs.map((verb) => {
    const options = wordsOf([...verb.options, ...globalOptions]).join(' ');
    return `    '${verb.name}') options='${options}' kinds='${kindsOf(verb.arguments).join(' ')}' ;;`;
  });
  const all = [...verbs.flatMap(({ options }) => options), ...globalOptions];
  const takes = [...new Set(valued(all))].join('|');
  const files = [...new Set(filed(all))].join('|');
  return `# Completion of dftfs for bash: eval "$(dftfs completion bash)"
_dftfs() {
  local current=\${COMP_WORDS[COMP_CWORD]} verb= group= at options= kinds= words= kind skip=
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [ -n "$skip" ]; then skip=; continue; fi
    case \${COMP_WORDS[at]} in
    ${takes}) skip=1 ;;
    -*) ;;
    *)
      if [ -z "$verb" ]; then verb=\${COMP_WORDS[at]}
      elif [ -z "$group" ]; then group=\${COMP_WORDS[at]}
      fi ;;
    esac
  done
  COMPREPLY=()
  if [ -n "$skip" ]; then
    case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${files}) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
    return 0
  fi
  if [ -z "$verb" ]; then
    words='${firsts.join(' ')}'
    case $current in -*) words='${wordsOf(globalOptions).join(' ')}' ;; esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  if [ -z "$group" ]; then
    case $verb in
${seconds.join('\n')}
    esac
  fi
  if [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  case $verb in ${[...groups.keys()].join('|')}) verb="$verb $group" ;; esac
  case $verb in
${cases.join('\n')}
  esac
  case $current in
  -?*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current"); return ;;
  esac
  for kind in $kinds; do
    case $kind in
    local) mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
    *)
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < \\
        <("\${COMP_WORDS[0]}" completion "$kind" "$current" 2>/dev/null) ;;
    esac
  done
  case \${COMPREPLY[0]-} in */) compopt -o nospace ;; esac
}
complete -o filenames -F _dftfs dftfs ./dftfs
`;
}
