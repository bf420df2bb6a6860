import { parseArgs } from 'node:util';
import { pluginsIn } from '../config/config-file.ts';
import { isThere } from '../files/regular-file.ts';
import type { ParsedArgs } from './parse.ts';

/** The files of plugins that a flag names. */
export function filesOf(flag: ParsedArgs[string]): readonly string[] {
  return typeof flag === 'string' ? flag.split(',').flatMap(file => file.trim() || []) : [];
}

/**
 * The files of plugins that arguments name: by the flag, and in a config file. Found before the arguments are read, since
 * plugins bring names that the arguments may hold, and flags; so what is no file yet is passed over here.
 * @param takesConfig whether a place of the command is a config file
 * @throws InputError where the config file is no YAML in UTF-8
 */
export function pluginFiles(rawArgs: readonly string[], takesConfig: boolean): readonly string[] {
  const { tokens } = parseArgs({
    args: [...rawArgs],
    options: { plugin: { type: 'string' } },
    strict: false,
    tokens: true,
  });
  const files = tokens.flatMap(token => {
    if (token.kind === 'option' && token.name === 'plugin') return filesOf(token.value);
    // The value of a flag that is not known yet looks like a place; a config file is one that is there.
    if (token.kind === 'positional' && takesConfig && isThere(token.value)) return pluginsIn(token.value);
    return [];
  });
  return [...new Set(files)];
}
