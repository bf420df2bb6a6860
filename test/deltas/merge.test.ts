import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createModule } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { canMerge, mergeDelta } from '../../src/deltas/merge.ts';
import { makeSite } from '../structure/make-site.ts';

const map = makeSite('map', 'self-attention.query', 3, 2);
const norm = makeSite('norm', 'final.norm', 2, 2);
const block = makeSite('block', 'feed-forward', 2, 2);

test('LoRA is B A alpha / rank, LNFit its scale; several on one weight add up', () => {
  const modules = [
    createModule(map, 'lora', { rank: 2, alpha: 4 }),
    createModule(norm, 'bitfit'),
    createModule(norm, 'lnfit'),
    createModule(map, 'fine-tuning'),
    createModule(block, 'adapter', { bottleneck: 1 }),
  ];
  const delta = Float32Array.from({ length: layoutOf(modules).size }, (_, i) => i + 1);
  const { changes, rest, delta: left } = mergeDelta(layoutOf(modules), delta);
  // A = [[1 2 3], [4 5 6]], B = [[7 8], [9 10]]; alpha / rank = 2. Then bias 11 12, scale 13 14, Δ 15 … 20.
  const lora = [78, 108, 138, 98, 136, 174];
  assert.deepEqual(Object.fromEntries([...changes].map(([name, changeOf]) => [name, changeOf(new Float32Array(0))])), {
    map: Float32Array.from(lora, (value, i) => value + 15 + i),
    norm: Float32Array.of(13, 14),
  });
  assert.deepEqual(
    rest.map(({ id }) => id),
    ['norm:bitfit', 'block:adapter'],
  );
  assert.deepEqual([...left], [11, 12, 21, 22, 23, 24, 25, 26, 27]);
});

test('a weight that another site owns is not merged into', () => {
  assert.ok(canMerge(createModule(map, 'lora')));
  assert.ok(!canMerge(createModule({ ...map, weightIsShared: true }, 'lora')));
  const modules = [createModule({ ...map, weightIsShared: true }, 'lora')];
  assert.deepEqual(mergeDelta(layoutOf(modules), new Float32Array(5).fill(1)).rest, modules);
});

test('a host with a bias of its own holds BitFit, and full fine-tuning trains it', () => {
  const biased = makeSite('biased', 'self-attention.query', 3, 2, { hasBias: true });
  const modules = [createModule(biased, 'bitfit'), createModule(biased, 'fine-tuning')];
  assert.deepEqual(
    modules.map(({ parameters }) => parameters),
    [2, 6 + 2],
  );
  assert.ok(modules.every(canMerge) && !canMerge(createModule(map, 'bitfit')));
  const delta = Float32Array.from({ length: 10 }, (_, i) => i + 1);
  const { changes, rest } = mergeDelta(layoutOf(modules), delta);
  assert.deepEqual(Object.fromEntries([...changes].map(([name, changeOf]) => [name, changeOf(new Float32Array(0))])), {
    'biased.bias': Float32Array.of(1 + 9, 2 + 10),
    biased: Float32Array.of(3, 4, 5, 6, 7, 8),
  });
  assert.deepEqual(rest, []);
});
