import { statSync } from 'node:fs';
import { z } from 'zod';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { requireAgreeingFlags, requireNothingGiven } from '../config/check-settings.ts';
import { readYamlKeys } from '../config/config-file.ts';
import {
  type ExperimentSettings,
  experimentSchemaFor,
  parseExperimentSettings,
  type SpreadSettings,
  spreadSchemaFor,
  type TransferSettings,
  transferSchemaFor,
} from '../config/experiment-settings.ts';
import { fromConfigFile, parseKeys, withFlags } from '../config/parse-settings.ts';
import { type Settings, settingKeysFor } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { type ExecutorSettings, executorKeys } from '../experiments/executors/executors.ts';
import { comparedMethods, defaultSearch } from '../experiments/methods.ts';
import { isThere } from '../files/regular-file.ts';
import { experimentFile, requireRun, runFolder } from '../runs/run-folder.ts';
import { randomDraw } from '../structure/built-in-methods.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';
import { configFileArg, givenPlugins, readSettings, runFolderOf, schemaArgs } from './settings-args.ts';

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

/** What experiments take beside their keys: who does the runs. */
const dryRun: ArgsDef = {
  'dry-run': { type: 'boolean', description: 'check everything, say what would be run and how, and run nothing' },
};

/** A config file, or a run whose settings are taken. */
const configOrRunArg: ArgsDef = {
  config: {
    ...configFileArg.config!,
    description: `${configFileArg.config!.description}; or the folder of a run or a comparison, for its settings`,
  },
};

const argsOfSchema = ({ shape }: z.ZodObject, catalogue: Catalogue): ArgsDef => {
  const keys = { ...(shape as Readonly<Record<string, z.ZodType>>), ...executorKeys() };
  return { ...configOrRunArg, ...schemaArgs(keys, Object.keys(keys), catalogue), ...dryRun };
};

/** What a comparison or a sweep takes: a config file, and every key of it as a flag. */
export const experimentArgs = (catalogue: Catalogue): ArgsDef => ({
  ...argsOfSchema(experimentSchemaFor(catalogue), catalogue),
  ...methodsArg(catalogue),
});

/** What a transfer takes. */
export const transferArgs = (catalogue: Catalogue): ArgsDef => argsOfSchema(transferSchemaFor(catalogue), catalogue);

/** What a spread takes. */
export const spreadArgs = (catalogue: Catalogue): ArgsDef => argsOfSchema(spreadSchemaFor(catalogue), catalogue);

/** What an experiment is told: its settings, where it writes, and who does the runs. */
export interface ExperimentArguments<Keys> {
  readonly settings: Keys;
  readonly out: string;
  readonly executor: ExecutorSettings;
}

/** What a comparison or a sweep is told. InputError as for `readKeys`. */
export function readExperimentSettings(
  args: ParsedArgs,
  catalogue: Catalogue,
): ExperimentArguments<ExperimentSettings> {
  return readKeys(args, experimentSchemaFor(catalogue), catalogue);
}

/** Flags that make a search ask how small it can go. */
export const withinArgs = (catalogue: Catalogue): ArgsDef =>
  schemaArgs(experimentSchemaFor(catalogue).shape, ['score-within', 'against'], catalogue);

/**
 * What a search with `--score-within` is told, as the comparison that answers it. InputError for what the schema
 * refuses, and where nothing is to be trained.
 */
export function readWithinSettings(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<ExperimentSettings> {
  const settings = readSettings(args, settingKeysFor(catalogue), catalogue);
  requireNothingGiven(settings);
  const { seed = 0, strategy, retrain, 'random-baseline': random, ...alike } = settings;
  if (retrain === false) {
    throw new InputError('how small a structure can be is told by training what is found', {
      code: 'conflicting-settings',
      where: '--score-within',
      remedy: 'leave out `--no-retrain`',
    });
  }
  const usual = `${runFolderOf({}, settings, {}).out}-within`;
  const out = args.out === undefined ? (settings.out ?? usual) : String(args.out);
  const searched = strategy ?? defaultSearch;
  const { 'score-within': within, against } = args;
  const values = {
    ...{ ...alike, out, seeds: [seed], methods: [searched, ...(random ? [randomDraw] : [])], 'score-within': within },
    ...(against !== undefined && { against }),
  };
  return { settings: parseExperimentSettings(values, key => `--${key}`, catalogue), out, executor: {} };
}

/** What a transfer is told. InputError as for `readKeys`. */
export function readTransferSettings(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<TransferSettings> {
  return readKeys(args, transferSchemaFor(catalogue), catalogue);
}

/** What a spread is told. InputError as for `readKeys`. */
export function readSpreadSettings(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<SpreadSettings> {
  return readKeys(args, spreadSchemaFor(catalogue), catalogue);
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
 * What was given in the config file, or in a run's, and over it by flags.
 * @throws InputError for what the schema refuses, naming the file or the flag, and where no folder is said
 */
function readKeys<Keys extends { readonly out?: string | undefined } & Pick<Settings, 'plugins'>>(
  args: ParsedArgs,
  schema: z.ZodObject,
  catalogue: Catalogue,
): ExperimentArguments<Keys> {
  const ofExecutors = executorKeys();
  const whole = z.strictObject({ ...schema.shape, ...ofExecutors });
  const keys = Object.keys(whole.shape);
  const read = (file: string, values = readYamlKeys(file)) =>
    fromConfigFile(
      parseKeys(whole, values, () => file),
      file,
    );
  const written =
    typeof args.config !== 'string'
      ? {}
      : isFolder(args.config)
        ? read(...ofRun(args.config, keys))
        : read(args.config);
  const given = keys.filter(key => args[key] !== undefined).map(key => [key, args[key]]);
  const flags = parseKeys(whole, Object.fromEntries(given), key => `--${key}`);
  requireAgreeingFlags(flags, { ...written, ...flags }, catalogue);
  const all = Object.entries({ ...withFlags<Settings>(written, flags), ...givenPlugins(args, written) });
  const settings = Object.fromEntries(all.filter(([key]) => !Object.hasOwn(ofExecutors, key))) as unknown as Keys;
  if (settings.out === undefined) {
    throw new InputError('no folder is given', {
      code: 'missing-setting',
      where: '--out',
      remedy: 'say where the runs go: --out runs/compare',
    });
  }
  const executor = Object.fromEntries(all.filter(([key]) => Object.hasOwn(ofExecutors, key)));
  return { settings, out: settings.out, executor };
}
