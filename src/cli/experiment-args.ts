import { z } from 'zod';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { readYamlKeys } from '../config/config-file.ts';
import {
  type ExperimentSettings,
  experimentSchemaFor,
  type TransferSettings,
  transferSchemaFor,
} from '../config/experiment-settings.ts';
import { parseKeys } from '../config/parse-settings.ts';
import { fromConfigFile } from '../config/paths.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { type ExecutorSettings, executorKeys } from '../experiments/executors/executors.ts';
import { comparedMethods } from '../experiments/methods.ts';
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

/** What experiments take beside their keys: who does the runs. */
const dryRun: ArgsDef = {
  'dry-run': { type: 'boolean', description: 'check everything, say what would be run and how, and run nothing' },
};

const argsOfSchema = ({ shape }: z.ZodObject, catalogue: Catalogue): ArgsDef => {
  const keys = { ...(shape as Readonly<Record<string, z.ZodType>>), ...executorKeys() };
  return { ...configFileArg, ...schemaArgs(keys, Object.keys(keys), catalogue), ...dryRun };
};

/** What a comparison or a sweep takes: a config file, and every key of it as a flag. */
export const experimentArgs = (catalogue: Catalogue): ArgsDef => ({
  ...argsOfSchema(experimentSchemaFor(catalogue), catalogue),
  ...methodsArg(catalogue),
});

/** What a transfer takes. */
export const transferArgs = (catalogue: Catalogue): ArgsDef => argsOfSchema(transferSchemaFor(catalogue), catalogue);

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
  return readKeys(args, experimentSchemaFor(catalogue));
}

/** What a transfer is told. InputError as for `readKeys`. */
export function readTransferSettings(args: ParsedArgs, catalogue: Catalogue): ExperimentArguments<TransferSettings> {
  return readKeys(args, transferSchemaFor(catalogue));
}

/**
 * What was given in the config file, and over it by flags.
 * @throws InputError for what the schema refuses, naming the file or the flag, and where no folder is said
 */
function readKeys<Keys extends { readonly out?: string | undefined } & Pick<Settings, 'plugins'>>(
  args: ParsedArgs,
  schema: z.ZodObject,
): ExperimentArguments<Keys> {
  const ofExecutors = executorKeys();
  const whole = z.strictObject({ ...schema.shape, ...ofExecutors });
  const file = typeof args.config === 'string' ? args.config : undefined;
  const written =
    file === undefined
      ? {}
      : fromConfigFile(
          parseKeys(whole, readYamlKeys(file), () => file),
          file,
        );
  const given = Object.keys(whole.shape)
    .filter(key => args[key] !== undefined)
    .map(key => [key, args[key]]);
  const flags = parseKeys(whole, Object.fromEntries(given), key => `--${key}`);
  const all = Object.entries({ ...written, ...flags, ...givenPlugins(args, written) });
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
