import { stripVTControlCharacters } from 'node:util';
import { type CommandDef, renderUsage } from 'citty';
import type { Command } from './command.ts';

const name = 's3delta';

/** Every command takes these besides its own. */
export const commonArgs = {
  json: { type: 'boolean', description: 'print one JSON document on stdout (progress goes to stderr)' },
  help: { type: 'boolean', description: 'explain this command' },
} as const;

/** What `s3delta --help` says. */
export function usage(commands: Readonly<Record<string, Command>>, version: string, colour: boolean): Promise<string> {
  const subCommands = Object.fromEntries(
    Object.entries(commands).map(([key, command]) => [key, { meta: { name: key, description: command.description } }]),
  );
  return render(
    { meta: { name, version, description: 'Find and train the fewest parameters that adapt a T5' }, subCommands },
    colour,
  );
}

/** What `s3delta <command> --help` says. */
export function commandUsage(key: string, command: Command, colour: boolean): Promise<string> {
  const meta = { name: `${name} ${key}`, description: command.description };
  return render({ meta, args: { ...command.args, ...commonArgs } }, colour);
}

async function render(definition: CommandDef, colour: boolean): Promise<string> {
  const rendered = await renderUsage(definition);
  return colour ? rendered : stripVTControlCharacters(rendered);
}
