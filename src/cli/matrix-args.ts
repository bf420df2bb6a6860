import type { ArgsDef, ParsedArgs } from 'citty';
import { comparedMethods } from '../api/matrix/methods.ts';
import { readYamlKeys } from '../config/config-file.ts';
import { type MatrixSettings, matrixKeys, matrixSchema, parseMatrixSettings } from '../config/matrix-settings.ts';
import { InputError } from '../errors.ts';
import { configFileArg, schemaArgs } from './settings-args.ts';

const methods = comparedMethods.map(method => method.name).join(',');

/** What a comparison takes: a config file, and every key of it as a flag. */
export const matrixArgs: ArgsDef = {
  ...configFileArg,
  ...schemaArgs(matrixSchema.shape, matrixKeys),
  methods: {
    type: 'string',
    valueHint: 'NAME,…',
    description: `what to compare, of ${methods} (default found,random); \`found\` searches the given --space`,
  },
};

/**
 * The settings that a comparison was given: the config file's, and over them the flags'; and where it writes.
 * @throws InputError for what the schema refuses, naming the file or the flag, and where no folder is said
 */
export function readMatrixSettings(args: ParsedArgs): { settings: MatrixSettings; out: string } {
  const file = typeof args.config === 'string' ? args.config : undefined;
  const written = file === undefined ? {} : parseMatrixSettings(readYamlKeys(file), () => file);
  const given = matrixKeys.filter(key => args[key] !== undefined).map(key => [key, args[key]]);
  const settings = { ...written, ...parseMatrixSettings(Object.fromEntries(given), key => `--${key}`) };
  if (settings.out === undefined) {
    throw new InputError('no folder is given', { where: '--out', remedy: 'say where the runs go: --out runs/compare' });
  }
  return { settings, out: settings.out };
}
