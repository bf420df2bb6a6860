import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { biasName, type Site, weightShape } from '../../core/site.ts';
import { TOKENIZER_FILES } from '../../data/tokenizer/tokenizer.ts';
import { inspectWeights, rememberedHash, SHARD_INDEX } from '../../files/checkpoint-files.ts';
import { isThere } from '../../files/regular-file.ts';
import type { TensorEntry } from '../../files/safetensors.ts';
import type { Model } from '../model.ts';
import type { TensorSlice, Weight, Weights, WeightType } from '../read-weight.ts';

const DTYPES: Readonly<Record<string, WeightType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

const REMEDY = 'config.json and weights must be of the same checkpoint';

export type Tensors = ReadonlyMap<string, TensorEntry>;

/** How a family's checkpoints name their tensors. */
export interface CheckpointNames {
  /** Names under which a tensor may stand, the first found is read; by default its own alone. */
  readonly namesOf?: ((name: string) => readonly string[]) | undefined;
  /** The part of a tensor that a name stands for, where the checkpoint has fused several into one. */
  readonly sliceOf?: ((name: string) => TensorSlice | undefined) | undefined;
  /** Tensors that may be there and are not read: copies of tied ones, buffers, what served pre-training alone. */
  readonly unread?: ((name: string) => boolean) | undefined;
}

/** Name of a site's weight, as written into checkpoints. */
export const weightOf = (site: string): string => `${site}.weight`;

/**
 * Finds and checks every weight and bias that the sites need, and that the checkpoint has no others: a config.json of
 * fewer layers would otherwise cut a model without a word.
 * @param taken names of further tensors that are read, of heads for example
 * @throws InputError naming the tensor that is missing, mis-shaped, of a type that is not read, or left over
 */
export async function findWeights(
  tensors: Tensors,
  sites: readonly Site[],
  { namesOf = name => [name], sliceOf = () => undefined, unread = () => false }: CheckpointNames,
  where: string,
  taken: readonly string[] = [],
): Promise<Weights> {
  const weights = new Map<string, Weight>();
  const read = new Set(taken);
  const find = async (key: string, name: string, shape: readonly number[]): Promise<void> => {
    const slice = sliceOf(name);
    const whole = slice?.tensor ?? name;
    const found = namesOf(whole).find(alias => tensors.has(alias));
    if (found === undefined)
      throw new InputError(`tensor ${whole} is missing`, { code: 'missing-tensor', where, remedy: REMEDY });
    read.add(found);
    const { index = 0, count = 1 } = slice ?? {};
    const [rows, ...rest] = shape;
    const weight = await tensorAsWeight(tensors.get(found)!, whole, [count * rows!, ...rest], where);
    const byteLength = weight.byteLength / count;
    const offset = weight.offset + index * byteLength;
    weights.set(key, { ...weight, name, shape, offset, byteLength, ...(slice && { fused: slice }) });
  };
  for (const site of sites) {
    if (site.host === 'block') continue;
    if (!site.weightIsShared) await find(site.name, weightOf(site.name), weightShape(site));
    if (site.hasBias) await find(biasName(site), biasName(site), [site.outFeatures]);
  }
  // The other names of one tensor are copies of it.
  const known = new Set([...weights.values()].flatMap(({ name }) => namesOf(name)));
  const left = [...tensors.keys()].filter(name => !read.has(name) && !known.has(name) && !unread(name));
  if (left.length > 0) throw leftOver(left, where);
  return weights;
}

/** @throws InputError where the tensor has another shape, or a type that is not read */
export async function tensorAsWeight(
  tensor: TensorEntry,
  name: string,
  shape: readonly number[],
  where: string,
): Promise<Weight> {
  if (shape.join() !== tensor.shape.join()) {
    throw new InputError(`tensor ${name} is [${tensor.shape}], but config.json asks for [${shape}]`, {
      code: 'wrong-tensor',
      where,
      remedy: REMEDY,
    });
  }
  const dtype = DTYPES[tensor.dtype];
  if (!dtype) {
    throw new InputError(`tensor ${name} is ${tensor.dtype}`, {
      code: 'unsupported-dtype',
      where,
      remedy: 'use a checkpoint in float32, float16 or bfloat16',
    });
  }
  const file = await realpath(tensor.file);
  return { name, shape, dtype, file, offset: tensor.offset, byteLength: tensor.byteLength };
}

const SHOWN = 3;

function leftOver(names: readonly string[], where: string): InputError {
  return new InputError(`the weights hold tensors that a model of config.json does not have: ${listed(names)}`, {
    code: 'unused-tensors',
    where,
    remedy: `${REMEDY}: fewer layers than were trained would make another model`,
  });
}

/** What says, beside weights, what a model is. */
const SMALL_FILES = ['config.json', 'generation_config.json', SHARD_INDEX, ...TOKENIZER_FILES];

/**
 * The hashes of a model's files, and what is odd about its weights.
 * @throws InputError naming file and tensor where a weight that is read holds numbers that are not finite
 */
export async function readFiles(
  folder: string,
  tensors: Tensors,
  weights: Weights,
): Promise<Pick<Model, 'hashes' | 'warnings'>> {
  const hashes: Record<string, string> = {};
  const places = new Set(Array.from(weights.values(), ({ file, offset }) => `${file} ${offset}`));
  const zero: string[] = [];
  for (const [file, own] of Map.groupBy(tensors, ([, tensor]) => tensor.file)) {
    const { sha256, ...found } = await inspectWeights(file);
    hashes[basename(file)] = sha256;
    // As weights name it: ONNX Runtime wants no links.
    const real = await realpath(file);
    const read = new Map(own.filter(([, { offset }]) => places.has(`${real} ${offset}`)));
    requireFinite(
      found.notFinite.filter(name => read.has(name)),
      file,
    );
    // A bias may well be zero.
    zero.push(...found.zero.filter(name => (read.get(name)?.shape.length ?? 0) > 1));
  }
  for (const name of SMALL_FILES) {
    if (isThere(join(folder, name))) hashes[name] = await rememberedHash(join(folder, name));
  }
  const text = `zeros alone stand in ${listed(zero)}: is the checkpoint whole?`;
  return { hashes, warnings: zero.length === 0 ? [] : [text] };
}

function requireFinite(names: readonly string[], where: string): void {
  if (names.length === 0) return;
  throw new InputError(`numbers that are not finite (NaN or infinity) stand in ${listed(names)}`, {
    code: 'not-finite',
    where,
    remedy: 'the checkpoint is damaged, or its training has diverged: download it again, or take another model',
  });
}

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}
