import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, throwIfInterrupted } from '../errors.ts';
import { readJson } from '../files/read-json.ts';
import type { SessionSettings } from '../runtime/session.ts';
import type { Model } from './model.ts';
import { loadT5 } from './t5/load.ts';

type Loader = (name: string, folder: string, config: unknown, settings: SessionSettings) => Promise<Model>;

/** Model families, by `model_type` of config.json. */
const FAMILIES: Readonly<Record<string, Loader>> = { t5: loadT5 };

/** Models that come with the package, by name. */
const BUILT_IN: Readonly<Record<string, string>> = {
  mini: fileURLToPath(new URL('../../models/mini', import.meta.url)),
};

export const builtInModels: readonly string[] = Object.keys(BUILT_IN);

/**
 * Loads a model: the name of a built-in one, or a folder as downloaded from the Hub (config.json, weights as
 * safetensors, tokenizer.json or spiece.model). InputError where something is missing, damaged or not supported;
 * InterruptedError where the signal has aborted.
 */
export async function loadModel(
  nameOrFolder: string,
  { signal, ...settings }: SessionSettings & { readonly signal?: AbortSignal } = {},
): Promise<Model> {
  throwIfInterrupted(signal);
  const builtIn = Object.hasOwn(BUILT_IN, nameOrFolder) ? BUILT_IN[nameOrFolder] : undefined;
  const folder = builtIn ?? resolve(nameOrFolder);
  const isFolder = await stat(folder).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new InputError(`no model folder ${nameOrFolder}`, {
      remedy: `give a folder with config.json and model.safetensors, or a built-in model: ${builtInModels.join(', ')}`,
    });
  }
  const configFile = join(folder, 'config.json');
  const config = await readJson(configFile);
  const family =
    typeof config === 'object' && config !== null && 'model_type' in config ? String(config.model_type) : undefined;
  const load = family !== undefined && Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (!load) {
    throw new InputError(`the model family is ${family ?? 'not named'}`, {
      where: configFile,
      remedy: `supported families (model_type): ${Object.keys(FAMILIES).join(', ')}`,
    });
  }
  throwIfInterrupted(signal);
  const model = await load(builtIn ? nameOrFolder : basename(folder), folder, config, settings);
  throwIfInterrupted(signal);
  return model;
}
