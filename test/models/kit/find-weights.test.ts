import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { makeSite } from '../../../src/core/site.ts';
import type { TensorEntry } from '../../../src/files/safetensors.ts';
import { findWeights, type Tensors } from '../../../src/models/kit/find-weights.ts';

const first = { stack: 'encoder', layer: 0 } as const;
const map = makeSite('bert.map', 'self-attention.query', first, [3, 2], { hasBias: true });
const norm = makeSite('bert.norm', 'self-attention.norm', first, [2, 2], { hasBias: true });
const tied = makeSite('head', 'lm-head', first, [2, 5], { weightIsShared: true });

const entry = (shape: number[], dtype: TensorEntry['dtype'] = 'F32', offset = 0): TensorEntry => {
  const byteLength = shape.reduce((size, extent) => size * extent, dtype === 'F32' ? 4 : 2);
  return { file: import.meta.filename, dtype, shape, offset, byteLength };
};
const tensors = (changes: Readonly<Record<string, TensorEntry | undefined>> = {}): Tensors => {
  const all = {
    'bert.map.weight': entry([2, 3]),
    'bert.map.bias': entry([2], 'F16', 24),
    'bert.norm.weight': entry([2], 'BF16', 28),
    'bert.norm.bias': entry([2], 'F32', 32),
    ...changes,
  };
  return new Map(Object.entries(all).filter((pair): pair is [string, TensorEntry] => pair[1] !== undefined));
};
const find = (found: Tensors, names = {}, taken: readonly string[] = []) =>
  findWeights(found, [map, norm, tied], names, 'folder', taken);

/** `gamma` and `beta`, and no prefix, as the first checkpoints have it. */
const oldNames = {
  namesOf: (name: string) => {
    const bare = name.replace(/^bert\./, '');
    return [name, bare, bare.replace('norm.weight', 'norm.gamma').replace('norm.bias', 'norm.beta')];
  },
};

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof InputError && message.test(error.message) && error.where === 'folder' && error.remedy !== undefined;

describe('the weights of a checkpoint', () => {
  it('are those of the sites, and their biases, in the order of the sites, each in its own type', async () => {
    const weights = await find(tensors());
    assert.deepEqual(
      [...weights].map(([key, { name, dtype, offset }]) => [key, name, dtype, offset]),
      [
        ['bert.map', 'bert.map.weight', 'float32', 0],
        ['bert.map.bias', 'bert.map.bias', 'float16', 24],
        ['bert.norm', 'bert.norm.weight', 'bfloat16', 28],
        ['bert.norm.bias', 'bert.norm.bias', 'float32', 32],
      ],
    );
  });

  it('may stand under other names, and go by their own', async () => {
    const old = tensors({
      'bert.norm.weight': undefined,
      'bert.norm.bias': undefined,
      'bert.map.weight': undefined,
      'map.weight': entry([2, 3]),
      'norm.gamma': entry([2], 'F32', 4),
      'norm.beta': entry([2], 'F32', 8),
    });
    const weights = await find(old, oldNames);
    assert.deepEqual([weights.get('bert.norm')!.name, weights.get('bert.norm')!.offset], ['bert.norm.weight', 4]);
    await assert.rejects(find(old), refused(/tensor bert\.map\.weight is missing/));
  });

  it('are refused by name where one is missing, misshaped or of another type', async () => {
    await assert.rejects(find(tensors({ 'bert.norm.bias': undefined })), refused(/tensor bert\.norm\.bias is missing/));
    await assert.rejects(
      find(tensors({ 'bert.map.weight': entry([3, 3]) })),
      refused(/bert\.map\.weight is \[3,3\], but config\.json asks for \[2,3\]/),
    );
    await assert.rejects(find(tensors({ 'bert.map.bias': entry([2], 'I32') })), refused(/bert\.map\.bias is I32/));
  });

  it('are refused by name where some are left over, unless the family knows them', async () => {
    const more = tensors({ a: entry([1]), b: entry([1]), c: entry([1]), d: entry([1]), 'head.weight': entry([5, 2]) });
    await assert.rejects(find(more), refused(/does not have: a, b, c and 2 more/));
    const unread = (name: string) => name.length === 1;
    await assert.rejects(find(more, { unread }), refused(/does not have: head\.weight$/));
    assert.equal((await find(more, { unread }, ['head.weight'])).size, 4);
  });

  it('may have copies under the other names', async () => {
    assert.equal((await find(tensors({ 'map.weight': entry([2, 3]) }), oldNames)).size, 4);
  });
});
