import type { ArgsDef } from '../parse.ts';

/** What can be said of a command that is not run: help, the shells' completion and the manual are made of it. */
export interface DescribedCommand {
  readonly description: string;
  readonly examples: Readonly<Record<string, string>>;
  readonly args: ArgsDef;
}

/** Every command by its name, in the order of help. */
export type Reference = Readonly<Record<string, DescribedCommand>>;
