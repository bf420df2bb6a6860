import { statSync } from 'node:fs';
import type { z } from 'zod';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { readYamlKeys } from '../config/config-file.ts';
import {
  type ExperimentSettings,
  experimentSchemaFor,
  parseExperimentSettings,
  parseSweepSettings,
  parseTransferSettings,
  type SweepSettings,
  sweepSchemaFor,
  type TransferSettings,
  transferSchemaFor,
} from '../config/experiment-settings.ts';
import { fromConfigFile } from '../config/paths.ts';
import type { Settings } from '../config/settings.ts';
import { parseSpreadSettings, type SpreadSettings, spreadSchemaFor } from '../config/spread-settings.ts';
import { InputError } from '../core/errors.ts';
import { experimentFile } from '../experiments/cell.ts';
import { comparedMethods } from '../experiments/methods.ts';
import { isThere } from '../files/regular-file.ts';
import { requireRun, runFolder } from '../runs/run-folder.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';
import { configFileArg, givenPlugins, schemaArgs } from './settings-args.ts';

function methodsArg(catalogue: Catalogue): ArgsDef {
  const names = comparedMethods(catalogue).map(method => method.name);
  return {
    methods: {
      type: 'string',
      valueHint: 'NAME|FILE,…',
      description:
        `what to compare, of ${names.join(', ')} (default found,random), or structure files of yours; ` +
        '`found` searches the given --space',
    },
  };
}

/** A config file, or a run whose settings are taken. */
const configOrRunArg: ArgsDef = {
  config: {
    ...configFileArg.config!,
    description: `${configFileArg.config!.description}; or the folder of a run or a comparison, for its settings`,
  },
};

const argsOfSchema = ({ shape }: z.ZodObject, catalogue: Catalogue): ArgsDef => ({
  ...configOrRunArg,
  ...schemaArgs(shape as Readonly<Record<string, z.ZodType>>, Object.keys(shape), catalogue),
});

/** What a comparison takes: a config file, and every key of it as a flag. */
export const experimentArgs = (catalogue: Catalogue): ArgsDef => ({
  ...argsOfSchema(experimentSchemaFor(catalogue), catalogue),
  ...methodsArg(catalogue),
});

/** What a sweep takes. */
export const sweepArgs = (catalogue: Catalogue): ArgsDef => ({
  ...argsOfSchema(sweepSchemaFor(catalogue), catalogue),
  ...methodsArg(catalogue),
});

/** What a transfer takes. */
export const transferArgs = (catalogue: Catalogue): ArgsDef => argsOfSchema(transferSchemaFor(catalogue), catalogue);

/** What a spread takes. */
export const spreadArgs = (catalogue: Catalogue): ArgsDef => argsOfSchema(spreadSchemaFor(catalogue), catalogue);

/** The settings of a comparison, and where it writes. InputError as for `readKeys`. */
export function readExperimentSettings(
  args: ParsedArgs,
  catalogue: Catalogue,
): { settings: ExperimentSettings; out: string } {
  return readKeys(args, Object.keys(experimentSchemaFor(catalogue).shape), parseExperimentSettings, catalogue);
}

/** The settings of a sweep, and where it writes. InputError as for `readKeys`. */
export function readSweepSettings(args: ParsedArgs, catalogue: Catalogue): { settings: SweepSettings; out: string } {
  return readKeys(args, Object.keys(sweepSchemaFor(catalogue).shape), parseSweepSettings, catalogue);
}

/** The settings of a transfer, and where it writes. InputError as for `readKeys`. */
export function readTransferSettings(
  args: ParsedArgs,
  catalogue: Catalogue,
): { settings: TransferSettings; out: string } {
  return readKeys(args, Object.keys(transferSchemaFor(catalogue).shape), parseTransferSettings, catalogue);
}

/** The settings of a spread, and where it writes. InputError as for `readKeys`. */
export function readSpreadSettings(args: ParsedArgs, catalogue: Catalogue): { settings: SpreadSettings; out: string } {
  return readKeys(args, Object.keys(spreadSchemaFor(catalogue).shape), parseSpreadSettings, catalogue);
}

/**
 * The settings of a run, or of another experiment's runs, that this one has, too: a run has a seed and a structure of
 * its
 * own beside them.
 */
function ofRun(path: string, keys: readonly string[]): [file: string, values: unknown] {
  const folder = runFolder(path);
  const ofMany = experimentFile(path);
  if (!isThere(ofMany)) requireRun(folder);
  const file = isThere(ofMany) ? ofMany : folder.config;
  const own = Object.entries(readYamlKeys(file) as object);
  return [file, Object.fromEntries(own.filter(([key]) => keys.includes(key)))];
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * What was given in the config file, or in a run's, and over it by flags; and where the runs go.
 * @throws InputError for what the schema refuses, naming the file or the flag, and where no folder is said
 */
function readKeys<Keys extends { readonly out?: string | undefined } & Pick<Settings, 'plugins'>>(
  args: ParsedArgs,
  keys: readonly string[],
  parse: (values: unknown, where: (key: string) => string, catalogue: Catalogue) => Keys,
  catalogue: Catalogue,
): { settings: Keys; out: string } {
  const read = (file: string, values = readYamlKeys(file)) =>
    fromConfigFile(
      parse(values, () => file, catalogue),
      file,
    );
  const written: Partial<Keys> =
    typeof args.config !== 'string'
      ? {}
      : isFolder(args.config)
        ? read(...ofRun(args.config, keys))
        : read(args.config);
  const given = keys.filter(key => args[key] !== undefined).map(key => [key, args[key]]);
  const flags = parse(Object.fromEntries(given), key => `--${key}`, catalogue);
  const settings = { ...written, ...flags, ...givenPlugins(args, written) } as Keys;
  if (settings.out === undefined) {
    throw new InputError('no folder is given', {
      code: 'missing-setting',
      where: '--out',
      remedy: 'say where the runs go: --out runs/compare',
    });
  }
  return { settings, out: settings.out };
}
