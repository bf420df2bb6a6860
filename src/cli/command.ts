import type { Readable } from 'node:stream';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { openPlugins } from '../catalogue/open-plugins.ts';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { visible } from '../core/format.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { paintCodes } from '../report/heat-map-terminal.ts';
import { type ArgsDef, type ParsedArgs, parseArguments } from './parse.ts';
import { answerOf, isHelp, type Printed, withoutHelpWord } from './reference/at-once.ts';
import { pluginFiles } from './settings-args.ts';
import { commandUsage, commonArgs, type Reference, screenOf } from './usage.ts';

/** Puts a question; an empty answer is the standard one. */
export type Ask = (question: string, standard: string) => Promise<string>;

/** What a command has to say at its end: a document for programs, lines for people. */
export interface Output {
  readonly document: unknown;
  readonly lines: readonly string[];
  /** 1 where some of what was asked for has failed, and the rest is told (default 0). */
  readonly exitCode?: 0 | 1;
  /** Lines that are printed as they come, before the others; taken from only where no document is asked for. */
  readonly stream?: AsyncIterable<string>;
}

/** What a command is run with, beside its arguments. */
export interface CommandContext extends JobContext {
  /** The names that arguments may hold: the package's and those of the plugins that are given. */
  readonly catalogue: Catalogue;
  /** All commands and what they take, with those names (default: none). */
  readonly reference?: Reference;
  /** Whether the terminal that will show the lines has colours. */
  readonly colour: boolean;
  /** Whether its ground is light, where it says so. */
  readonly lightGround?: boolean;
  /** Characters in a line of that terminal (default: what fits most). */
  readonly columns?: number;
  /** What a command that is given no input reads (default: that of the process). */
  readonly stdin?: Readable;
  /** Asks the user; undefined where there is nobody to ask. */
  readonly ask?: Ask;
}

/** One command of the command line. It returns what to print and prints nothing itself. */
export interface Command {
  readonly description: string;
  /** What to write after its name, and what that does: the end of its help. */
  readonly examples: Readonly<Record<string, string>>;
  /** What it takes; a function where names or options of the catalogue are among it. */
  readonly args: ArgsDef | ((catalogue: Catalogue) => ArgsDef);
  /** What it does when it is asked to stop, to be said at once (default: `stopping`). */
  readonly stopping?: string;
  /** May say less or more than `args` when `--help` lists them; arguments not listed there are refused. */
  run(args: ParsedArgs, context: CommandContext): Promise<Output>;
}

/** What is known of the terminal that output is for. */
export type Terminal = Pick<CommandContext, 'colour' | 'columns' | 'lightGround'>;

/** What a command takes where these names are known. */
export function argsOf({ args }: Pick<Command, 'args'>, catalogue: Catalogue = builtIn): ArgsDef {
  return typeof args === 'function' ? args(catalogue) : args;
}

/** What help and the like say of commands; what one takes is asked of it where it is read. */
export function described(commands: Readonly<Record<string, Command>>, catalogue: Catalogue = builtIn): Reference {
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => {
      const { description, examples } = command;
      return [
        name,
        {
          description,
          examples,
          get args() {
            return argsOf(command, catalogue);
          },
        },
      ];
    }),
  );
}

/**
 * Runs the command that the arguments name.
 * @throws InputError for an unknown command or argument, and whatever the command throws
 */
export async function runCommandLine(
  rawArgs: readonly string[],
  commands: Readonly<Record<string, Command>>,
  version: string,
  context: Omit<CommandContext, 'catalogue' | 'reference'>,
): Promise<Printed> {
  const given = withoutHelpWord(rawArgs);
  const answer = answerOf(given, described(commands), version, screenOf(context));
  if (answer !== undefined) return answer;
  const [name, ...rest] = given as [string, ...string[]];
  const command = commandOf(given, commands);
  if (command === undefined) throw unknownCommand(name, Object.keys(commands));
  const flags = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  const catalogue = openPlugins(pluginFiles(rest, argsOf(command)));
  const taken = argsOf(command, catalogue);
  if (flags.some(isHelp))
    return { text: commandUsage(name, { ...command, args: taken }, screenOf(context)), exitCode: 0 };

  const args = parseArguments(rest, { ...taken, ...commonArgs });
  const output = await command.run(args, { ...context, catalogue, reference: described(commands, catalogue) });
  const { exitCode = 0, stream } = output;
  if (args.json === true) return { text: visible(asJson(output)), exitCode };
  const text = output.lines.map(visibleButPaint).join('\n');
  return { ...(stream && { stream: visibleLines(stream) }), text, exitCode };
}

/** Whether stdout is to hold one JSON document, also where the command fails before its arguments are read. */
export function asksForJson(rawArgs: readonly string[]): boolean {
  const end = rawArgs.indexOf('--');
  return rawArgs.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** The command that the arguments name, where there is one of that name. */
export function commandOf(
  [name = '']: readonly string[],
  commands: Readonly<Record<string, Command>>,
): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

async function* visibleLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield visible(line);
}

/** What stands in data and in files of runs must not steer the terminal; the heat map's colours may. */
function visibleButPaint(line: string): string {
  const codes = line.match(paintCodes) ?? [];
  return line
    .split(paintCodes)
    .map((text, i) => `${visible(text)}${codes[i] ?? ''}`)
    .join('');
}

function asJson(output: Output): string {
  return JSON.stringify(output.document, null, 2);
}

function unknownCommand(name: string, names: readonly string[]): InputError {
  const [nearest] = nearestNames(name, names);
  return new InputError(`there is no command \`${name}\``, {
    code: 'unknown-command',
    remedy: nearest === undefined ? `the commands are ${names.join(', ')}` : `did you mean \`${nearest}\`?`,
  });
}
