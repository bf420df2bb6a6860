import { brief, flagsOf, placeOf, type Values } from './completed.ts';
import type { Reference } from './reference.ts';

/** Completion for fish. */
export function fishScript(reference: Reference): string {
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
