import { styleText } from 'node:util';
import type { Command } from './command.ts';
import type { ArgDef, ArgsDef, FlagDef } from './parse.ts';
import { columns, wrap } from './text-columns.ts';

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

/** What `s3delta --help` says. */
export function usage(commands: Readonly<Record<string, Command>>, version: string, screen: Screen): string {
  const rows = Object.entries(commands).map(([key, { description }]) => [key, description] as const);
  return page(screen, {
    title: `${name} ${version}: find and train the fewest parameters that adapt a T5`,
    usage: `${name} <command> [options]`,
    sections: { Commands: rows },
    end: `${name} <command> --help explains a command.`,
  });
}

/** What `s3delta <command> --help` says. */
export function commandUsage(key: string, { description }: Command, args: ArgsDef, screen: Screen): string {
  const all = Object.entries<ArgDef>({ ...args, ...commonArgs });
  const positional = all.flatMap(([arg, it]) => (it.type === 'positional' ? [[upper(arg), it] as const] : []));
  const places = positional.map(([place, { required }]) => (required === false ? `[${place}]` : `<${place}>`));
  return page(screen, {
    title: description,
    usage: [name, key, ...places, '[options]'].join(' '),
    sections: {
      Arguments: positional.map(([place, { description }]) => [place, description]),
      Options: all.flatMap(([arg, it]) => (it.type === 'positional' ? [] : optionRows(arg, it))),
    },
  });
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
