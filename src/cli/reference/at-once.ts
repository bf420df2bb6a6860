import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../library/provenance.ts';
import { endWithStdout, print } from '../process-end.ts';
import { commandUsage, type Reference, type Screen, screenOf, usage } from '../usage.ts';
import { completionScript, isShell } from './completion.ts';

/** Where a build notes its commands (tools/commands.ts). Sources have none: what they take may change at any time. */
const ofBuild = fileURLToPath(new URL('commands.json', import.meta.url));

/**
 * Answers what the program is and takes from what its build has noted, and says whether that was asked for. The
 * commands themselves, with the hundreds of files that they import, are loaded for work alone; so is the runtime, which
 * need not be there yet.
 */
export async function answeredAtOnce(rawArgs: readonly string[]): Promise<boolean> {
  const { isTTY, columns } = process.stdout;
  const colour = isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const answer = notedAnswer(rawArgs, screenOf({ colour, ...(isTTY && { columns }) }), ofBuild);
  if (answer === undefined) return false;
  endWithStdout();
  await print(answer.text);
  process.exitCode = answer.exitCode;
  return true;
}

/** What the file of a build answers; undefined where there is none, and where the commands themselves must be asked. */
export function notedAnswer(rawArgs: readonly string[], screen: Screen, file: string): Printed | undefined {
  if (!existsSync(file)) return undefined;
  const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
  return answerOf(withoutHelpWord(rawArgs), reference, packageVersion(), screen);
}

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
