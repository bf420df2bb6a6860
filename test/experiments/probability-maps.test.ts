import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { probabilityMaps, writeHeatMaps } from '../../src/experiments/found-structures.ts';
import { heatMap } from '../../src/report/heat-map.ts';
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

/** The same without p, as some strategies find it; the third module can never be kept. */
function foundByWorth(kept: readonly boolean[]) {
  return createStructure(tiny, { space: 'mixed', budget: 100 }, candidates, {
    ...{ kept, worth: kept.map((each, i) => (each ? 3 : 1) + i / 10), closed: [false, false, true] },
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

const namesOf = (structures: Parameters<typeof probabilityMaps>[0]) => {
  const { mean, spread } = probabilityMaps(structures).quantities;
  return [mean.name, mean.title, spread.name];
};

test('the numbers are called by what they are: of p where the searches have it', () => {
  const have = found([true, true, false]);
  assert.deepEqual(namesOf([have, have]), ['mean p', 'mean of p', 'sd of p']);
  assert.deepEqual(namesOf([have]), ['mean p', 'mean of p', 'sd of p']);
});

test('else they are the share of the searches that keep a module, and how far they differ in that', () => {
  const two = [foundByWorth([true, true, false]), foundByWorth([true, false, false])];
  const { mean, spread } = probabilityMaps(two);
  assert.deepEqual(namesOf(two), [
    ...['share of searches that keep it', 'share of searches that keep it', 'sd of being kept (1 or 0)'],
  ]);
  assert.deepEqual(
    mean.map(({ p }) => p),
    [1, 0.5, 0],
  );
  assert.ok(Math.abs(spread[1]!.p! - Math.SQRT1_2) < 1e-12);
  assert.deepEqual(namesOf([...two, found([true, true, false])])[0], 'mean of p, or of being kept (1 or 0)');
});

test('a single search without p is shown by the ranks of what modules are worth to it', () => {
  const one = [foundByWorth([false, true, false])];
  assert.equal(namesOf(one)[0], 'rank of worth');
  const { cells } = heatMap(probabilityMaps(one).mean);
  assert.deepEqual(
    cells.flat().map(cell => cell?.value),
    [0, 1, 0],
  );
});

test('maps over searches without p are written under names that are true', async () => {
  const two = [foundByWorth([true, true, false]), foundByWorth([true, false, false])];
  const out = mkdtempSync(join(tmpdir(), 's3delta-maps-'));
  const [mean, spread] = await writeHeatMaps(out, [{ task: 'films', searches: 2, ...probabilityMaps(two) }]);
  assert.match(readFileSync(mean!, 'utf8'), />films: share of searches that keep it over 2 searches</);
  assert.match(readFileSync(spread!, 'utf8'), />sd of being kept \(1 or 0\): 0</);
  for (const file of [mean!, spread!]) assert.doesNotMatch(readFileSync(file, 'utf8'), /mean p|sd of p/);
});
