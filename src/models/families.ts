import { join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { readJson } from '../files/read-json.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { Codec, CodecOptions, CodedTask } from './codec.ts';
import type { Model } from './model.ts';
import { loadT5 } from './t5/load-t5.ts';
import { openT5Codecs } from './t5/t5-codec.ts';

/** A model family: how a model of it is loaded, and how it reads and answers where its weights are somewhere else. */
export interface Family {
  load(name: string, folder: string, config: unknown, settings: CompileSettings): Promise<Model>;
  openCodecs(folder: string): Promise<(task: CodedTask, options: CodecOptions) => Codec>;
}

/** Model families, by `model_type` of config.json. */
const families: Readonly<Record<string, Family>> = { t5: { load: loadT5, openCodecs: openT5Codecs } };

/**
 * The family of the model in a folder, and its parsed config.json.
 * @throws InputError where that is missing or damaged, or names no supported family
 */
export async function familyIn(folder: string): Promise<{ readonly family: Family; readonly config: unknown }> {
  const where = join(folder, 'config.json');
  const config = await readJson(where);
  const name =
    typeof config === 'object' && config !== null && 'model_type' in config ? String(config.model_type) : undefined;
  const family = name !== undefined && Object.hasOwn(families, name) ? families[name] : undefined;
  if (family !== undefined) return { family, config };
  throw new InputError(`the model family is ${name ?? 'not named'}`, {
    where,
    remedy: `supported families (model_type): ${Object.keys(families).join(', ')}`,
  });
}
