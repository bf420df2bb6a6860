import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { createModule, deltaNamed } from '../../src/deltas/kinds.ts';
import { initialDelta, layoutOf } from '../../src/deltas/layout.ts';
import { mergeDelta } from '../../src/deltas/merge.ts';
import { makeSite } from '../structure/make-site.ts';
import { largeSites } from '../structure/t5-large.ts';

const key = makeSite('key', 'self-attention.key', 3, 2, { hasBias: true });
const out = makeSite('out', 'feed-forward.out', 3, 2);

describe('IA3', () => {
  it('sits on keys, values and the map that reads the inner activation, and costs what it multiplies', () => {
    const modules = largeSites.filter(deltaNamed('ia3').hosts).map(site => createModule(site, 'ia3'));
    const [layers, width, inner] = [24, 1024, 4096];
    // A self-attention and a feed-forward a layer in both stacks, a cross-attention in the decoder's.
    assert.equal(modules.length, 2 * layers * 3 + layers * 2);
    assert.equal(
      modules.reduce((sum, { parameters }) => sum + parameters, 0),
      2 * layers * (2 * width + inner) + layers * 2 * width,
    );
    assert.ok(modules.every(({ inert }) => !inert));
    assert.ok(initialDelta(layoutOf(modules), 3).every(value => value === 0));
    const query = largeSites.find(({ role }) => role === 'self-attention.query')!;
    assert.throws(
      () => createModule(query, 'ia3'),
      (error: Error) => error instanceof InputError && /a linear host \(self-attention\.query\)/.test(error.message),
    );
  });

  it('multiplies rows and the bias of what it scales on the way out, columns of what it scales on the way in', () => {
    const modules = [createModule(key, 'ia3'), createModule(out, 'ia3'), createModule(out, 'lora')];
    // l of the key 0.5 and −1; of the input 1, 2, 3; then A = [1 0 0], B = [0, 1] times 16.
    const { changes, rest } = mergeDelta(layoutOf(modules), Float32Array.of(0.5, -1, 1, 2, 3, 1, 0, 0, 0, 1));
    const frozen = Float32Array.of(1, 2, 3, 4, 5, 6);
    assert.deepEqual(changes.get('key')!(frozen), Float32Array.of(0.5, 1, 1.5, -4, -5, -6));
    assert.deepEqual(changes.get('key.bias')!(Float32Array.of(10, 20)), Float32Array.of(5, -20));
    assert.deepEqual(changes.get('out')!(frozen), Float32Array.of(1, 4, 9, 4 + 16, 10, 18));
    assert.deepEqual([...changes.keys(), ...rest], ['key', 'key.bias', 'out']);
  });
});
