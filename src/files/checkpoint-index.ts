import { basename, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { isThere } from './regular-file.ts';
import { readCheckedHeader, type TensorEntry } from './safetensors.ts';
import { readJson } from './text-files.ts';

export const SINGLE_FILE = 'model.safetensors';
export const SHARD_INDEX = 'model.safetensors.index.json';

const shardIndex = z.object({ weight_map: z.record(z.string(), z.string()) });

async function readShards(folder: string): Promise<ReadonlyMap<string, TensorEntry>> {
  const indexFile = join(folder, SHARD_INDEX);
  const parsed = shardIndex.safeParse(await readJson(indexFile));
  if (!parsed.success) {
    throw new InputError('must hold `weight_map`, from tensor names to shard files', {
      code: 'unreadable-weights',
      where: indexFile,
      remedy: 'download the file again',
    });
  }
  const weightMap = Object.entries(parsed.data.weight_map);
  const shards = new Map<string, ReadonlyMap<string, TensorEntry>>();
  for (const shard of new Set(weightMap.map(([, file]) => file))) {
    // A shard lies beside its index: an index from the network must not make us open other files.
    if (shard !== basename(shard) || shard === '..') {
      throw new InputError(`the shard name ${JSON.stringify(shard)} is not a plain file name`, {
        code: 'unreadable-weights',
        where: indexFile,
      });
    }
    if (!isThere(join(folder, shard))) {
      throw new InputError(`the shard ${shard} is missing`, {
        code: 'missing-weights',
        where: folder,
        remedy: `download it, or give a folder that holds all files named in ${SHARD_INDEX}`,
      });
    }
    shards.set(shard, (await readCheckedHeader(join(folder, shard))).tensors);
  }
  const tensors = new Map<string, TensorEntry>();
  for (const [name, shard] of weightMap) {
    const tensor = shards.get(shard)?.get(name);
    if (!tensor) {
      throw new InputError(`tensor ${name} is not in ${shard}, where ${SHARD_INDEX} says it is`, {
        code: 'missing-tensor',
        where: folder,
        remedy: 'index and shards are of different versions: download them again together',
      });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

/**
 * Finds every tensor of a checkpoint folder as downloaded from the Hub: `model.safetensors`, or shards with
 * `model.safetensors.index.json`. Only headers are read, and once all of
 * what we have written. InputError where files are missing, damaged or disagree.
 */
export async function readCheckpointIndex(folder: string): Promise<ReadonlyMap<string, TensorEntry>> {
  if (isThere(join(folder, SINGLE_FILE))) return (await readCheckedHeader(join(folder, SINGLE_FILE))).tensors;
  if (isThere(join(folder, SHARD_INDEX))) return readShards(folder);
  const pickled = isThere(join(folder, 'pytorch_model.bin'));
  throw new InputError(`neither ${SINGLE_FILE} nor ${SHARD_INDEX} found`, {
    code: 'missing-weights',
    where: folder,
    remedy: pickled
      ? 'only pytorch_model.bin is here: convert it, e.g. with save_pretrained(folder, safe_serialization=True)'
      : 'give the folder of a model as downloaded from the Hub',
  });
}
