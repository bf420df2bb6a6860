import { openPlugins } from '../catalogue/open-plugins.ts';
import { InputError } from '../core/errors.ts';
import { visible } from '../core/format.ts';
import { nearestNames } from '../core/nearest.ts';
import { paintCodes } from '../report/heat-map-terminal.ts';
import { argsOf, type Command, type CommandContext, described, type Output } from './command.ts';
import { parseArguments } from './parse.ts';
import { answerOf, isHelp, type Printed, withoutHelpWord } from './reference/at-once.ts';
import { pluginFiles } from './settings-args.ts';
import { commandUsage, commonArgs, screenOf } from './usage.ts';

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
