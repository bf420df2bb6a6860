import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterruptedError } from '../../src/core/errors.ts';
import { mapInSlices } from '../../src/data/batches.ts';

/** Takes a while, as encoding does. */
function work(item: number): number {
  const end = performance.now() + 2;
  while (performance.now() < end);
  return item * 2;
}

test('every item is mapped, in its place', async () => {
  const items = Array.from({ length: 30 }, (_, i) => i);
  assert.deepEqual(
    await mapInSlices(items, work, undefined),
    items.map(item => item * 2),
  );
  assert.deepEqual(await mapInSlices([], work, undefined), []);
});

test('timers get their turn, and an abort ends it', async () => {
  const controller = new AbortController();
  let worked = 0;
  setTimeout(() => controller.abort(), 50);
  const mapping = mapInSlices(
    Array.from({ length: 5000 }, (_, i) => i),
    item => (worked += work(item)),
    controller.signal,
  );
  await assert.rejects(mapping, InterruptedError);
  assert.ok(worked > 0 && worked < 1e6, `${worked}`);
});

test('an error of the work is passed on', async () => {
  const broken = () => {
    throw new RangeError('broken');
  };
  await assert.rejects(mapInSlices([1], broken, undefined), RangeError);
});
