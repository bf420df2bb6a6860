import { realpath } from 'node:fs/promises';
import { InputError } from '../../core/errors.ts';
import { weightShape } from '../../core/site.ts';
import type { TensorEntry } from '../../files/safetensors.ts';
import type { Weight, Weights, WeightType } from '../weight.ts';
import type { T5Config } from './t5-config.ts';
import { t5Sites } from './t5-sites.ts';

const DTYPES: Readonly<Record<string, WeightType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };
/** Names under which checkpoints keep the one embedding table. */
const EMBEDDING_NAMES = ['shared.weight', 'encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'];

/** Finds and checks every weight a T5 of this config needs. InputError names the tensor that is missing or mis-shaped. */
export async function t5Weights(
  tensors: ReadonlyMap<string, TensorEntry>,
  config: T5Config,
  where: string,
): Promise<Weights> {
  const weights = new Map<string, Weight>();
  for (const site of t5Sites(config)) {
    if (site.host === 'block' || site.weightIsShared) continue;
    const name = `${site.name}.weight`;
    const tensor = (site.name === 'shared' ? EMBEDDING_NAMES : [name])
      .map(alias => tensors.get(alias))
      .find(found => found);
    if (!tensor) {
      throw new InputError(`tensor ${name} is missing`, {
        where,
        remedy: 'config.json and weights must be of the same checkpoint',
      });
    }
    const shape = weightShape(site);
    if (shape.join() !== tensor.shape.join()) {
      throw new InputError(`tensor ${name} is [${tensor.shape}], but config.json asks for [${shape}]`, {
        where,
        remedy: 'config.json and weights must be of the same checkpoint',
      });
    }
    const dtype = DTYPES[tensor.dtype];
    if (!dtype) {
      throw new InputError(`tensor ${name} is ${tensor.dtype}`, {
        where,
        remedy: 'use a checkpoint in float32, float16 or bfloat16',
      });
    }
    const file = await realpath(tensor.file);
    weights.set(site.name, { name, shape, dtype, file, offset: tensor.offset, byteLength: tensor.byteLength });
  }
  return weights;
}

/** Weights of the blocks' linear maps: where nearly all of the time goes. */
export function blockMatrices(weights: Weights, config: T5Config): Weights {
  const maps = t5Sites(config).filter(({ host, role }) => host === 'linear' && role !== 'lm-head');
  return new Map(maps.map(({ name }) => [name, weights.get(name)!]));
}
