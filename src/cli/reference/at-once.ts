import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../library/provenance.ts';
import { endWithStdout, print } from '../stdout.ts';
import { type Screen, screenOf } from '../usage.ts';
import { answerOf, type Printed, withoutHelpWord } from './answer.ts';
import type { Reference } from './reference.ts';

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
