import { flagsOf, placeOf, quoted, type Values } from './completed.ts';
import type { Reference } from './reference.ts';

/** Lines of `case` by what is done, each with all patterns that lead to it. */
function cases(entries: readonly (readonly [pattern: string, action: string])[]): string {
  const byAction = Map.groupBy(entries, ([, action]) => action);
  return [...byAction]
    .map(([action, all]) => `    ${all.map(([pattern]) => quoted(pattern)).join('|')}) ${action} ;;`)
    .join('\n');
}

/** Completion for bash, from 3.2 on. */
export function bashScript(reference: Reference): string {
  const offer = (values: Values) => {
    if (values === 'anything') return 'return';
    if (typeof values === 'string') return `_s3delta_paths ${values === 'files' ? '-f' : '-d'}; return`;
    return `words=${quoted(values.join(' '))}`;
  };
  const all = Object.entries(reference);
  const names = quoted(all.map(([name]) => name).join(' '));
  const values = all.flatMap(([name, command]) =>
    flagsOf(command).flatMap(({ flag, values }) =>
      values === undefined ? [] : [[`${name} ${flag}`, offer(values)] as const],
    ),
  );
  const flags = all.map(
    ([name, command]) =>
      [
        name,
        `words=${quoted(
          flagsOf(command)
            .map(({ flag }) => flag)
            .join(' '),
        )}`,
      ] as const,
  );
  const places = all.map(([name, command]) => [name, offer(placeOf(command) ?? 'anything')] as const);
  return `# Completes the arguments of s3delta in bash; made by: s3delta completion bash
_s3delta_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$current"))
}

_s3delta() {
  local command=\${COMP_WORDS[1]} current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  # bash takes \`--flag=value\` for three words.
  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if ((COMP_CWORD == 1)); then words=${names}' help --help --version'
  elif [[ $command == help ]]; then words=${names}
  else case "$command $before" in
${cases(values)}
    *) case $current in
    -*) case $command in
${cases(flags)}
    esac ;;
    *) case $command in
${cases(places)}
    esac ;;
    esac ;;
  esac fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _s3delta s3delta`;
}
