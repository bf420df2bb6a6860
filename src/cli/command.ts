import type { Readable } from 'node:stream';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import type { JobContext } from '../jobs/job-events.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';
import type { Reference } from './usage.ts';

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
