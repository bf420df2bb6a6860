import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probabilityMaps } from '../../src/experiments/found-structures.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { tiny } from '../library/films.ts';

const candidates = listSpace(tiny.sites, 'mixed').slice(0, 3);

/** A search that keeps some of three modules. */
function found(kept: readonly boolean[]) {
  const probabilities = kept.map(each => (each ? 0.9 : 0.1));
  return createStructure(tiny, { space: 'mixed', budget: 100 }, candidates, {
    ...{ kept, probabilities, worth: probabilities },
  });
}

const keptOf = (structures: Parameters<typeof probabilityMaps>[0]) =>
  probabilityMaps(structures).mean.map(({ kept }) => kept);

test('of two searches a module counts as kept where both keep it: not their union, which no budget holds', () => {
  const two = [found([true, true, false]), found([true, false, true])];
  assert.deepEqual(keptOf(two), [true, false, false]);
  assert.equal(probabilityMaps(two).keptBy, 'kept by both searches');
});

test('of several, where more than half do, and the marks say so', () => {
  const three = [found([true, true, false]), found([true, true, true]), found([false, true, false])];
  assert.deepEqual(keptOf(three), [true, true, false]);
  assert.equal(probabilityMaps(three).keptBy, 'kept by more than half of 3 searches');
  assert.equal(probabilityMaps(three.slice(0, 1)).keptBy, 'kept');
});
