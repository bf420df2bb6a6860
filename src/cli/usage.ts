import { styleText } from 'node:util';
import type { ArgDef, ArgsDef, FlagDef } from './parse.ts';

/** What can be said of a command that is not run: help, the shells' completion and the manual are made of it. */
export interface DescribedCommand {
  readonly description: string;
  readonly examples: Readonly<Record<string, string>>;
  readonly args: ArgsDef;
}

/** Every command by its name, in the order of help. */
export type Reference = Readonly<Record<string, DescribedCommand>>;

const name = 's3delta';

/** Every command takes these besides its own. */
export const commonArgs = {
  plugin: {
    type: 'string',
    valueHint: 'FILE,…',
    repeatable: true,
    description:
      'use what a plugin of yours brings: deltas, strategies, tasks and more (docs/plugins.md); also ' +
      '`plugins:` in a config file',
  },
  json: { type: 'boolean', description: 'print one JSON document on stdout (progress goes to stderr)' },
  help: { type: 'boolean', description: 'explain this command' },
} as const;

/** How help is shown: `width` in characters, a line's most. */
export interface Screen {
  readonly width: number;
  readonly colour: boolean;
}

/** Characters a line of help holds where there is no terminal, and at most: longer lines are hard to read. */
const standardWidth = 80;
const widestHelp = 110;

/** How help is shown on a terminal of so many columns. */
export function screenOf({ columns, colour }: { readonly columns?: number; readonly colour: boolean }): Screen {
  // Some terminals say they are 0 wide.
  return { width: Math.min(columns || standardWidth, widestHelp), colour };
}

/** What the program is for. */
export const purpose = 'find and train the fewest parameters that adapt a T5';

/** What `s3delta --help` says. */
export function usage(commands: Reference, version: string, screen: Screen): string {
  const rows = Object.entries(commands).map(([key, { description }]) => [key, description] as const);
  return page(screen, {
    title: `${name} ${version}: ${purpose}`,
    usage: `${name} <command> [options]`,
    sections: { Commands: rows },
    end: `${name} help <command> explains a command.`,
  });
}

/** More options than this are listed in groups. */
const longestList = 12;

/** What `s3delta <command> --help` says. */
export function commandUsage(key: string, command: DescribedCommand, screen: Screen): string {
  return page(screen, commandPage(key, command));
}

/** What help and manual say of a command. */
export function commandPage(key: string, { description, examples, args }: DescribedCommand): Page {
  const all = Object.entries<ArgDef>({ ...args, ...commonArgs });
  const positional = all.flatMap(([arg, it]) => (it.type === 'positional' ? [[upper(arg), it] as const] : []));
  const places = positional.map(([place, { required }]) => (required === false ? `[${place}]` : `<${place}>`));
  return {
    title: description,
    usage: [name, key, ...places, '[options]'].join(' '),
    sections: {
      Arguments: positional.map(([place, { description }]) => [place, description]),
      ...optionSections(args),
      Examples: Object.entries(examples).map(([line, does]) => [`${name} ${key} ${line}`.trim(), does]),
    },
  };
}

/** Few options in one list; many under the headings of their keys, those of the command alone first. */
function optionSections(args: ArgsDef): Record<string, [flag: string, description: string][]> {
  const flags = (definitions: ArgsDef) =>
    Object.entries<ArgDef>(definitions).flatMap(([arg, it]) => (it.type === 'positional' ? [] : [[arg, it] as const]));
  const own = flags(args);
  const common = flags(commonArgs).flatMap(([arg, it]) => optionRows(arg, it));
  const isLong = own.length > longestList;
  const sections: Record<string, [flag: string, description: string][]> = { Options: [] };
  for (const [arg, it] of own) {
    const heading = (isLong ? it.group : undefined) ?? 'Options';
    sections[heading] = [...(sections[heading] ?? []), ...optionRows(arg, it)];
  }
  return isLong ? { ...sections, 'Every command': common } : { Options: [...sections.Options!, ...common] };
}

/** A list of words longer than this is told in the description. */
const longestHint = 40;

function optionRows(arg: string, definition: FlagDef): [flag: string, description: string][] {
  const { description } = definition;
  if (definition.type === 'boolean') {
    const { negativeDescription } = definition;
    const off: [string, string][] = negativeDescription === undefined ? [] : [[`--no-${arg}`, negativeDescription]];
    return [[`--${arg}`, description], ...off];
  }
  const { valueHint = arg } = definition;
  if (valueHint.length <= longestHint) return [[`--${arg}=<${valueHint}>`, description]];
  return [[`--${arg}=<NAME>`, `${valueHint.split('|').join(', ')}: ${description}`]];
}

/** A page of help: sections of terms and what is said of each. */
interface Page {
  readonly title: string;
  readonly usage: string;
  readonly sections: Readonly<Record<string, readonly (readonly [term: string, description: string])[]>>;
  readonly end?: string;
}

function page({ width, colour }: Screen, { title, usage, sections, end }: Page): string {
  const bold = (text: string) => (colour ? styleText('bold', text, { validateStream: false }) : text);
  const cyan = (text: string) => (colour ? styleText('cyan', text, { validateStream: false }) : text);
  const shown = Object.entries(sections).filter(([, rows]) => rows.length > 0);
  const parts = [
    wrap(title, width),
    [`${bold('Usage:')} ${usage}`],
    ...shown.map(([header, rows]) => [
      bold(header),
      ...columns(rows, { width, indent: 2 }).map(([term, text]) => (term === '' ? text : `${cyan(term)}${text}`)),
    ]),
    ...(end === undefined ? [] : [[end]]),
  ];
  return parts.map(lines => lines.join('\n')).join('\n\n');
}

function upper(arg: string): string {
  return arg.toUpperCase();
}

/** Terms wider than this stand on a line of their own, above what is said of them. */
const widestTerm = 24;
const gap = 2;

/**
 * Lays terms and what is said of each out in two columns of at most `width` characters in all, the right one wrapped
 * between words. Returns lines in two parts, so that the first can be coloured; together they are the line.
 */
export function columns(
  rows: readonly (readonly [term: string, text: string])[],
  { width, indent }: { readonly width: number; readonly indent: number },
): [term: string, text: string][] {
  const fitting = rows.map(([term]) => term.length).filter(length => length <= widestTerm);
  const widest = Math.max(0, ...(fitting.length === 0 ? [widestTerm] : fitting));
  const left = indent + widest + gap;
  return rows.flatMap(([term, text]) => {
    const lines = wrap(text, width - left);
    const head = ' '.repeat(indent) + term;
    const rest = (from: number) => lines.slice(from).map((line): [string, string] => ['', ' '.repeat(left) + line]);
    if (term.length > widest) return [[head, ''], ...rest(0)];
    return [[head, `${' '.repeat(left - head.length)}${lines[0] ?? ''}`], ...rest(1)];
  });
}

/** Lines of at most `width` characters, broken at spaces; a longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
