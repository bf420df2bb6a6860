import type { ArgDef, FlagDef } from '../parse.ts';
import { commonArgs, type DescribedCommand, type Reference } from '../usage.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

type Shell = keyof typeof scripts;

/** Shells that can complete our arguments. */
export const shells = Object.keys(scripts) as Shell[];

/** Whether completion can be written for a shell of this name. */
export function isShell(name: string): name is Shell {
  return Object.hasOwn(scripts, name);
}

/** A script that teaches the shell to complete commands, their flags, and the values of which there are only some. */
export function completionScript(shell: Shell, reference: Reference): string {
  return scripts[shell](reference);
}

/** What may stand in a place: words to choose from, paths, or what no shell can guess. */
type Values = readonly string[] | 'files' | 'folders' | 'anything';

/** A flag as it is written, and what follows it. */
interface CompletedFlag {
  readonly flag: string;
  readonly description: string;
  /** Undefined where nothing does. */
  readonly values: Values | undefined;
}

function valuesOf({ valueHint = '' }: { readonly valueHint?: string }): Values {
  const words = valueHint.split('|');
  if (words.every(word => /^[a-z0-9][\w.-]*$/.test(word)) && words.length > 1) return words;
  if (/FILE|PATH/.test(valueHint)) return 'files';
  return /FOLDER/.test(valueHint) ? 'folders' : 'anything';
}

/** What may stand beside a command's flags; undefined where it takes nothing there. */
function placeOf({ args }: DescribedCommand): Values | undefined {
  const place = Object.values<ArgDef>(args).find(({ type }) => type === 'positional');
  if (place === undefined) return undefined;
  return 'valueHint' in place && place.valueHint !== undefined ? valuesOf(place) : 'files';
}

/** All ways to write a command's flags. */
function flagsOf({ args }: DescribedCommand): CompletedFlag[] {
  return Object.entries<ArgDef>({ ...args, ...commonArgs }).flatMap(([name, arg]) =>
    arg.type === 'positional' ? [] : waysToWrite(name, arg),
  );
}

function waysToWrite(name: string, arg: FlagDef): CompletedFlag[] {
  const description = brief(arg.description);
  if (arg.type === 'string') return [{ flag: `--${name}`, description, values: valuesOf(arg) }];
  const off = arg.negativeDescription;
  return [
    { flag: `--${name}`, description, values: undefined },
    ...(off === undefined ? [] : [{ flag: `--no-${name}`, description: brief(off), values: undefined }]),
  ];
}

/** The first clause of a description: there is one line for it. */
function brief(description: string): string {
  return description.split(/[;:(]/, 1)[0]!.trim();
}

/** A text as bash and zsh take it for one word. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Lines of `case` by what is done, each with all patterns that lead to it. */
function cases(entries: readonly (readonly [pattern: string, action: string])[]): string {
  const byAction = Map.groupBy(entries, ([, action]) => action);
  return [...byAction]
    .map(([action, all]) => `    ${all.map(([pattern]) => quoted(pattern)).join('|')}) ${action} ;;`)
    .join('\n');
}

/** Completion for bash, from 3.2 on. */
function bashScript(reference: Reference): string {
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

/** Completion for zsh: to be sourced, or as `_s3delta` in a folder of `fpath`. */
function zshScript(reference: Reference): string {
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

/** Completion for fish. */
function fishScript(reference: Reference): string {
  const all = Object.entries(reference);
  const first = "-n '__fish_use_subcommand; or __fish_seen_subcommand_from help' -f";
  const commands = all.map(
    ([name, { description }]) => `complete -c s3delta ${first} -a ${name} -d ${quotedForFish(brief(description))}`,
  );
  const offer = (values: Values | undefined) => {
    if (values === undefined) return '';
    if (values === 'files') return ' -r -F';
    if (values === 'folders') return " -x -a '(__fish_complete_directories)'";
    return values === 'anything' ? ' -x' : ` -x -a ${quotedForFish(values.join(' '))}`;
  };
  const flags = all.flatMap(([name, command]) =>
    flagsOf(command).map(
      ({ flag, description, values }) =>
        [name, `-l ${flag.slice(2)}${offer(values)} -d ${quotedForFish(description)}`] as const,
    ),
  );
  const byFlag = Map.groupBy(flags, ([, flag]) => flag);
  const lines = [...byFlag].map(
    ([flag, of]) =>
      `complete -c s3delta -n '__fish_seen_subcommand_from ${of.map(([name]) => name).join(' ')}' ${flag}`,
  );
  const places = all.flatMap(([name, command]) => {
    const values = placeOf(command);
    const what =
      values === undefined ? ' -f' : Array.isArray(values) ? ` -f -a ${quotedForFish(values.join(' '))}` : '';
    return what === '' ? [] : [`complete -c s3delta -n '__fish_seen_subcommand_from ${name}'${what}`];
  });
  return [
    '# Completes the arguments of s3delta in fish; made by: s3delta completion fish',
    ...commands,
    ...lines,
    ...places,
  ].join('\n');
}

/** As fish quotes: a backslash before what would end the text. */
function quotedForFish(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
