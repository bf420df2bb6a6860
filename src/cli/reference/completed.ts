import type { ArgDef, FlagDef } from '../parse.ts';
import { commonArgs } from '../usage.ts';
import type { DescribedCommand } from './reference.ts';

/** What may stand in a place: words to choose from, paths, or what no shell can guess. */
export type Values = readonly string[] | 'files' | 'folders' | 'anything';

/** A flag as it is written, and what follows it. */
export interface CompletedFlag {
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
export function placeOf({ args }: DescribedCommand): Values | undefined {
  const place = Object.values<ArgDef>(args).find(({ type }) => type === 'positional');
  if (place === undefined) return undefined;
  return 'valueHint' in place && place.valueHint !== undefined ? valuesOf(place) : 'files';
}

/** All ways to write a command's flags. */
export function flagsOf({ args }: DescribedCommand): CompletedFlag[] {
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
export function brief(description: string): string {
  return description.split(/[;:(]/, 1)[0]!.trim();
}

/** A text as bash and zsh take it for one word. */
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
