import { readYamlKeys } from '../config/config-file.ts';
import { type MatrixSettings, matrixKeys, matrixSchema, parseMatrixSettings } from '../config/matrix-settings.ts';
import { fromConfigFile } from '../config/paths.ts';
import { parseSweepSettings, type SweepSettings, sweepKeys, sweepSchema } from '../config/sweep-settings.ts';
import {
  parseTransferSettings,
  type TransferSettings,
  transferKeys,
  transferSchema,
} from '../config/transfer-settings.ts';
import { InputError } from '../core/errors.ts';
import { comparedMethods } from '../experiments/methods.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';
import { configFileArg, schemaArgs } from './settings-args.ts';

const methods = comparedMethods.map(method => method.name).join(', ');

const methodsArg: ArgsDef = {
  methods: {
    type: 'string',
    valueHint: 'NAME,…',
    description: `what to compare, of ${methods} (default found,random); \`found\` searches the given --space`,
  },
};

/** What a comparison takes: a config file, and every key of it as a flag. */
export const matrixArgs: ArgsDef = { ...configFileArg, ...schemaArgs(matrixSchema.shape, matrixKeys), ...methodsArg };

/** What a sweep takes. */
export const sweepArgs: ArgsDef = { ...configFileArg, ...schemaArgs(sweepSchema.shape, sweepKeys), ...methodsArg };

/** What a transfer takes. */
export const transferArgs: ArgsDef = { ...configFileArg, ...schemaArgs(transferSchema.shape, transferKeys) };

/** The settings of a comparison, and where it writes. InputError as for `readKeys`. */
export function readMatrixSettings(args: ParsedArgs): { settings: MatrixSettings; out: string } {
  return readKeys(args, matrixKeys, parseMatrixSettings);
}

/** The settings of a sweep, and where it writes. InputError as for `readKeys`. */
export function readSweepSettings(args: ParsedArgs): { settings: SweepSettings; out: string } {
  return readKeys(args, sweepKeys, parseSweepSettings);
}

/** The settings of a transfer, and where it writes. InputError as for `readKeys`. */
export function readTransferSettings(args: ParsedArgs): { settings: TransferSettings; out: string } {
  return readKeys(args, transferKeys, parseTransferSettings);
}

/**
 * What was given in the config file, and over it by flags; and where the runs go.
 * @throws InputError for what the schema refuses, naming the file or the flag, and where no folder is said
 */
function readKeys<Keys extends { readonly out?: string | undefined }>(
  args: ParsedArgs,
  keys: readonly string[],
  parse: (values: unknown, where: (key: string) => string) => Keys,
): { settings: Keys; out: string } {
  const read = (file: string) => parse(readYamlKeys(file), () => file);
  const file = typeof args.config === 'string' ? args.config : undefined;
  const written = file === undefined ? {} : fromConfigFile(read(file), file);
  const given = keys.filter(key => args[key] !== undefined).map(key => [key, args[key]]);
  const settings = { ...written, ...parse(Object.fromEntries(given), key => `--${key}`) } as Keys;
  if (settings.out === undefined) {
    throw new InputError('no folder is given', {
      code: 'missing-setting',
      where: '--out',
      remedy: 'say where the runs go: --out runs/compare',
    });
  }
  return { settings, out: settings.out };
}
