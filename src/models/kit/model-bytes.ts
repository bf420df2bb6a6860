import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { TOKENIZER_FILES } from '../../data/tokenizer/tokenizer.ts';
import { SHARD_INDEX } from '../../files/checkpoint-index.ts';
import { inspectWeights, rememberedHash } from '../../files/inspect-weights.ts';
import { isThere } from '../../files/regular-file.ts';
import type { Model } from '../model.ts';
import type { Weights } from '../read-weight.ts';
import type { Tensors } from './find-weights.ts';

/** What says, beside weights, what a model is. */
const SMALL_FILES = ['config.json', 'generation_config.json', SHARD_INDEX, ...TOKENIZER_FILES];

const SHOWN = 3;

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
