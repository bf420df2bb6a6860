import { commandUsage, type Screen, usage } from '../usage.ts';
import { completionScript, isShell } from './completion.ts';
import type { Reference } from './reference.ts';

/** What is printed on stdout. */
export interface Printed {
  /** Lines to print as they come, before the text. */
  readonly stream?: AsyncIterable<string>;
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

/** The arguments, with `help COMMAND` written as `COMMAND --help`. */
export function withoutHelpWord([name, ...rest]: readonly string[]): readonly string[] {
  if (name === undefined) return [];
  return name === 'help' ? [...rest, '--help'] : [name, ...rest];
}

/**
 * The answer to arguments that ask what the program is and takes; undefined where they ask it to do something, or what
 * only a plugin or a config file can tell.
 */
export function answerOf(
  args: readonly string[],
  reference: Reference,
  version: string,
  screen: Screen,
): Printed | undefined {
  const [name, second] = args;
  if (name === undefined) return { text: usage(reference, version, screen), exitCode: 2 };
  if (name === '--version' || name === '-v') return { text: version, exitCode: 0 };
  if (isHelp(name)) return { text: usage(reference, version, screen), exitCode: 0 };
  if (args.length !== 2 || !Object.hasOwn(reference, name)) return undefined;
  if (isHelp(second!)) return { text: commandUsage(name, reference[name]!, screen), exitCode: 0 };
  if (name === 'completion' && isShell(second!)) return { text: completionScript(second, reference), exitCode: 0 };
  return undefined;
}

/** Whether an argument asks for help. */
export function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}
