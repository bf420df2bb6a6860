import { brief, flagsOf, placeOf, quoted, type Values } from './completed.ts';
import type { DescribedCommand, Reference } from './reference.ts';

/** Completion for zsh: to be sourced, or as `_s3delta` in a folder of `fpath`. */
export function zshScript(reference: Reference): string {
  const action = (values: Values) => {
    if (values === 'anything') return ' ';
    if (typeof values === 'string') return values === 'files' ? '_files' : '_files -/';
    return `(${values.join(' ')})`;
  };
  const escaped = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&');
  const specs = (command: DescribedCommand) => {
    const place = placeOf(command);
    const flags = flagsOf(command).map(({ flag, description, values }) =>
      values === undefined
        ? quoted(`${flag}[${escaped(description)}]`)
        : quoted(`${flag}=[${escaped(description)}]:value:${action(values)}`),
    );
    return [...flags, ...(place === undefined ? [] : [quoted(`*:argument:${action(place)}`)])];
  };
  const commands = Object.entries(reference).map(([name, { description }]) =>
    quoted(`${name}:${escaped(brief(description))}`),
  );
  const branches = Object.entries(reference).map(
    ([name, command]) => `    ${name}) _arguments ${specs(command).join(' ')} ;;`,
  );
  return `#compdef s3delta
# Completes the arguments of s3delta in zsh; made by: s3delta completion zsh
_s3delta() {
  local -a commands=(${commands.join(' ')})
  if ((CURRENT == 2)) || [[ $words[2] == help ]]; then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${branches.join('\n')}
  esac
}
if [[ $funcstack[1] == _s3delta ]]; then _s3delta "$@"; else compdef _s3delta s3delta; fi`;
}
