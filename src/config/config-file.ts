import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import { asReadError } from '../files/file-errors.ts';
import { isThere, readBytesSync } from '../files/regular-file.ts';
import { decodeUtf8, parseYaml, schemaLine } from '../files/text-files.ts';
import { strategyNamed } from '../search/strategies/strategies.ts';
import { searchByTraining } from '../training/stage.ts';
import { fromConfigFile, parseKeys, parseSettings, toConfigFile, withAbsolutePaths } from './parse-settings.ts';
import { chosenStrategy, type ResolvedSettings } from './resolve.ts';
import { type SettingKey, type Settings, settingsSchema, settingsSchemaFor } from './settings.ts';

/**
 * Written into a run's config.yaml beside the keys: what made the run. Ignored when the file is read as a config again.
 */
export interface Provenance {
  readonly s3delta: string;
  readonly node: string;
  readonly 'onnxruntime-node': string;
  readonly platform: string;
  /** Where it was begun. */
  readonly device: string;
}

/**
 * Reads a YAML config file. A relative path in it is looked for beside the file first, then in the working folder.
 * @throws InputError where the file is missing, is no YAML in UTF-8, or holds an unknown key or an impossible value
 */
export function readConfigFile(path: string, catalogue: Catalogue = builtIn): Settings {
  return fromConfigFile(
    parseSettings(readYamlKeys(path), () => path, catalogue),
    path,
  );
}

/**
 * The files of plugins that a config file names.
 * @throws InputError where the file is missing or is no YAML in UTF-8
 */
export function pluginsIn(path: string): readonly string[] {
  const { plugins } = (readYamlKeys(path) ?? {}) as { readonly plugins?: unknown };
  const { plugins: files = [] } = parseKeys(
    z.object({ plugins: settingsSchema.shape.plugins }),
    { plugins },
    () => path,
  );
  return fromConfigFile({ plugins: files }, path).plugins;
}

/**
 * The keys of a run's config.yaml as they stand: its paths are absolute, those of older runs relative to the folder
 * that they were begun in.
 * @param options.searches whether the run may have to search still. Else a strategy that the catalogue has not got, as
 * one of another version, is left out with its options: what it has found needs neither
 * @throws InputError as `readConfigFile`, and for a strategy that there is not
 */
export function readRecordedSettings(
  path: string,
  catalogue: Catalogue = builtIn,
  { searches = true }: { readonly searches?: boolean } = {},
): Settings {
  const values = readYamlKeys(path);
  const unknown = keysOfUnknownStrategy(values, catalogue);
  if (unknown.length === 0) return parseSettings(values, () => path, catalogue);
  if (searches) strategyNamed(String((values as Keys).strategy), catalogue.strategies);
  const known = Object.entries(values as Keys).filter(([key]) => !unknown.includes(key));
  return parseSettings(Object.fromEntries(known), () => path, catalogue);
}

type Keys = Readonly<Record<string, unknown>>;

/** Of keys that name a strategy which the catalogue has not got: its name, and what must be its options. */
export function keysOfUnknownStrategy(values: unknown, catalogue: Catalogue): readonly string[] {
  const { strategy } = (values ?? {}) as Keys;
  if (typeof strategy !== 'string' || catalogue.strategies.some(({ name }) => name === strategy)) return [];
  const { shape } = settingsSchemaFor(catalogue);
  return Object.keys(values as Keys).filter(key => key === 'strategy' || !Object.hasOwn(shape, key));
}

/**
 * The values of a YAML file of keys, unchecked; what a run has noted of its versions is left out.
 * @throws InputError where the file is missing or is no YAML in UTF-8
 */
export function readYamlKeys(path: string): unknown {
  const values = parseYaml(readText(path), path).value ?? {};
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    delete (values as { versions?: unknown }).versions;
  }
  return values;
}

function readText(path: string): string {
  try {
    return decodeUtf8(readBytesSync(path), path);
  } catch (error) {
    const within = join(path, 'config.yaml');
    if (!(error instanceof InputError) || error.code !== 'not-a-file' || !isThere(within))
      throw asReadError(path, error);
    throw new InputError('this is the folder of a run, and a config file is needed', {
      code: error.code,
      where: path,
      remedy: `for its settings give ${shellWord(within)}`,
      cause: error,
    });
  }
}

/**
 * The text of a run's config.yaml, to be written to `path`: every key with the value it had, paths made absolute, and
 * what made the run.
 */
export function formatConfigFile(settings: Settings, versions: Provenance, path: string): string {
  return `${schemaLine(path, 'config')}\n${stringify({ ...withAbsolutePaths(settings), versions })}`;
}

/** Keys that a first config shows beside those that were chosen: what people turn next. */
const shown = (settings: Settings): readonly SettingKey[] => [
  ...(['model', 'task', 'data', 'budget', 'max-steps', 'space', 'seed', 'lr'] as const),
  // Passes say nothing of a search that is as long as suits its training.
  ...(settings['search-steps'] === searchByTraining ? [] : (['epochs'] as const)),
  ...(['batch-size', 'search-steps', 'eval-every', 'retrain-epochs', 'retrain-eval-every', 'max-length'] as const),
  ...(['micro-batch', 'device', 'threads', 'random-baseline'] as const),
  ...(['strategy', ...chosenStrategy(settings).strategy.varied] as SettingKey[]),
];

/**
 * The text of a commented config, to be written to `path`: chosen keys with their values, others behind a `#` with the
 * values they have when left out. Paths are written as seen from that file.
 */
export function draftConfig(given: ResolvedSettings, chosen: readonly SettingKey[], path: string): string {
  const settings = toConfigFile(given, path);
  const name = path.replaceAll('\\', '/');
  return [
    schemaLine(path, 'config'),
    `# Run it:  s3delta search ${name}     (s3delta search --help explains every key)`,
    ...shown(settings).flatMap(key => ['', ...comment(key), line(key, settings[key], chosen.includes(key))]),
    '',
  ].join('\n');
}

function comment(key: SettingKey): string[] {
  const { description = '' } = settingsSchema.shape[key].meta() as { description?: string };
  return [`# ${description.replace(new RegExp(`^${key}: `), '')}`];
}

function line(key: SettingKey, value: unknown, isChosen: boolean): string {
  if (value === undefined) return `# ${key}:`;
  const text = stringify({ [key]: value }).trimEnd();
  return isChosen ? text : `# ${text}`;
}
