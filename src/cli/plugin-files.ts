import { parseArgs } from 'node:util';
import { pluginsIn } from '../config/config-file.ts';
import { InputError } from '../core/errors.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';

/** Name of the place of a config file. */
export const configArg = 'config';

/** The files of plugins that a flag names. */
export function filesOf(flag: ParsedArgs[string]): readonly string[] {
  return typeof flag === 'string' ? flag.split(',').flatMap(file => file.trim() || []) : [];
}

/**
 * The files of plugins that arguments name: by the flag, and in a config file. Found before the arguments are read,
 * since plugins bring names that the arguments may hold, and flags: whatever is wrong with them is told when they are
 * read.
 * @param definitions what the command takes without plugins
 */
export function pluginFiles(rawArgs: readonly string[], definitions: ArgsDef): readonly string[] {
  const valueFlags = Object.entries(definitions).filter(([, { type }]) => type === 'string');
  const options = Object.fromEntries(['plugin', ...valueFlags.map(([name]) => name)].map(name => [name, valueFlag]));
  const { tokens } = parseArgs({ args: [...rawArgs], options, strict: false, tokens: true });
  const takesConfig = Object.hasOwn(definitions, configArg);
  const files = tokens.flatMap(token => {
    if (token.kind === 'option' && token.name === 'plugin') return filesOf(token.value);
    return token.kind === 'positional' && takesConfig ? pluginsOf(token.value) : [];
  });
  return [...new Set(files)];
}

const valueFlag = { type: 'string' } as const;

/** A place that is no config file may be the value of a flag that a plugin brings. */
function pluginsOf(path: string): readonly string[] {
  try {
    return pluginsIn(path);
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
