import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { requireAgreeingFlags } from '../config/check-settings.ts';
import { pluginsIn, readConfigFile } from '../config/config-file.ts';
import { parseSettings, withFlags } from '../config/parse-settings.ts';
import { shownDefaultsOf } from '../config/resolve.ts';
import { type SettingKey, type Settings, settingsSchemaFor } from '../config/settings.ts';
import type { KeyHelp } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { experimentFile, requireRun, runFolder } from '../runs/run-folder.ts';
import { shortName } from '../tasks/task-places.ts';
import type { ArgsDef, FlagDef, ParsedArgs } from './parse.ts';

/** Name of the place of a config file. */
const configArg = 'config';

/** The optional config file that the commands of a whole job take before their flags. */
export const configFileArg: ArgsDef = {
  [configArg]: {
    type: 'positional',
    required: false,
    description:
      'YAML file with any of the keys below; flags win over it; paths in it are looked for beside it, then here',
  },
};

/** Flags for these keys of the config file, described by the schema itself, so that `--help` cannot drift from it. */
export function settingsArgs(keys: readonly SettingKey[], catalogue: Catalogue = builtIn): ArgsDef {
  return schemaArgs(settingsSchemaFor(catalogue).shape, keys, catalogue);
}

/** The same for any list of keys. */
export function schemaArgs(
  shape: Readonly<Record<string, z.ZodType>>,
  keys: readonly string[],
  catalogue: Catalogue = builtIn,
): ArgsDef {
  const standards: Readonly<Record<string, unknown>> = shownDefaultsOf(catalogue);
  // Every command takes plugins, by a flag that may be repeated (`commonArgs`).
  const own = keys.filter(key => key !== 'plugins');
  // Where a key may have several values, its heading is that of the key of one run.
  const ofRun: Readonly<Record<string, z.ZodType>> = settingsSchemaFor(catalogue).shape;
  return Object.fromEntries(
    own.map(key => {
      const { group } = (ofRun[key]?.meta() ?? {}) as KeyHelp;
      return [key, { ...argument(shape[key]!, standards[key]), ...(group && { group }) }];
    }),
  );
}

function argument(schema: z.ZodType, standard: unknown): FlagDef {
  const { description = '', hint, off } = schema.meta() as KeyHelp & { description?: string };
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const says = standard === undefined ? description : `${description} (default ${standard})`;
  if (inner instanceof z.ZodBoolean) {
    return { type: 'boolean', description: says, ...(off !== undefined && { negativeDescription: off }) };
  }
  if (inner instanceof z.ZodEnum) return { type: 'string', description: says, valueHint: inner.options.join('|') };
  return { type: 'string', description: says, ...(hint !== undefined && { valueHint: hint }) };
}

/**
 * The settings that a command was given: the config file's, and over them the flags'.
 * @throws InputError for what the schema refuses, naming the file or the flag
 */
export function readSettings(args: ParsedArgs, keys: readonly SettingKey[], catalogue: Catalogue = builtIn): Settings {
  const file = typeof args.config === 'string' ? readConfigFile(notATaskName(args.config, catalogue), catalogue) : {};
  const given = keys.filter(key => args[key] !== undefined).map(key => [key, args[key]]);
  const flags = parseSettings(Object.fromEntries(given), key => `--${key}`, catalogue);
  const { against } = args;
  requireAgreeingFlags(
    { ...flags, ...(against !== undefined && { against }) },
    { ...file, ...flags, 'score-within': args['score-within'] },
    catalogue,
  );
  return { ...withFlags(file, flags), ...givenPlugins(args, file) };
}

/** @throws InputError where a task's name stands in the place of a config file */
function notATaskName(config: string, { tasks }: Catalogue): string {
  if (existsSync(config) || !tasks.some(({ name }) => name === config.toLowerCase())) return config;
  throw new InputError('this place is for a config file, and there is none of this name', {
    code: 'unreadable-file',
    where: config,
    remedy: `name the task with a flag: --task ${config.toLowerCase()}`,
  });
}

/** The plugins of the config file and those of the flag, by places that mean the same in any working folder. */
export function givenPlugins(args: ParsedArgs, { plugins = [] }: Pick<Settings, 'plugins'>): Pick<Settings, 'plugins'> {
  const files = new Set([...plugins, ...filesOf(args.plugin)].map(file => resolve(file)));
  return files.size > 0 ? { plugins: [...files] } : {};
}

/** Where the commands that write a run folder write it. */
export const outArgs: ArgsDef = {
  ...settingsArgs(['out']),
  resume: {
    type: 'boolean',
    description: 'go on with the run in --out, with the settings it was begun with; where none is, begin it',
  },
};

/**
 * The run folder to use: `--out`, the config file's `out`, else one under `runs/` named after task, model, what was
 * chosen of method, structure, strategy, space and budget, and the seed: another try has a folder of its own.
 * Where it is to go on with a run and holds none, as after a stop before anything was written, it is said that one
 * begins.
 * @throws InputError where a run is to be resumed without saying which, or that is not there and cannot begin
 */
export function runFolderOf(
  args: ParsedArgs,
  settings: Settings,
  { onEvent }: Pick<JobContext, 'onEvent'>,
): { out: string; resume: boolean } {
  const resume = args.resume === true;
  const out = args.out === undefined ? (settings.out ?? usualFolder(settings, resume)) : String(args.out);
  const folder = runFolder(out);
  if (resume && !existsSync(folder.config)) {
    // Begun here, a run would lie among those of an experiment.
    if (settings.task === undefined || isThere(experimentFile(out))) requireRun(folder);
    onEvent?.({ type: 'warning', text: `no run is in ${out} that could go on: it begins` });
  }
  return { out, resume };
}

function usualFolder({ task, model = '', seed = 0, ...chosen }: Settings, resume: boolean): string {
  if (resume && task === undefined) {
    throw new InputError('which run is to go on?', {
      code: 'missing-setting',
      where: '--resume',
      remedy: 'name its folder with --out',
    });
  }
  const begins = join('runs', `${shortName(task ?? '')}-${shortName(model)}`);
  const usual = [begins, ...chosenNames(chosen), `seed${seed}`].join('-');
  // Runs of earlier versions have shorter names.
  const before = `${begins}-seed${seed}`;
  return resume && !existsSync(runFolder(usual).config) && existsSync(runFolder(before).config) ? before : usual;
}

/** What tells one try from another, in words that a folder's name may hold. */
function chosenNames({ method, structure, strategy, space, budget }: Settings): string[] {
  // The file of a run is called as those of all runs.
  const own = structure && basename(structure).replace(/(\.structure)?\.json$/i, '');
  const file = structure && own === 'structure' ? basename(dirname(resolve(structure))) : own;
  return [method, file, strategy, space, budget]
    .filter(name => name !== undefined)
    .map(name =>
      name
        .replaceAll('%', 'pc')
        .replaceAll('‰', 'pm')
        .replaceAll('‱', 'bp')
        .replaceAll(/[^\w.]+/g, '-'),
    );
}

/** The files of plugins that a flag names. */
function filesOf(flag: ParsedArgs[string]): readonly string[] {
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
