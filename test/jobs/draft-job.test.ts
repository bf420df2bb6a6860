import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostWithin } from '../../src/jobs/draft-job.ts';
import { stepsSuiting } from '../../src/training/stage.ts';

test('as many steps as there is time for, one at least and no more than there are', () => {
  const each = (most: number) => 2 * most;
  assert.deepEqual(
    [0, 1, 2, 3, 4, 19, 20, 21, 1e9].map(seconds => mostWithin(seconds, 10, each)),
    [...[1, 1, 1, 1, 2, 9, 10, 10, 10]],
  );
});

test('a search that suits its training leaves it more of the time than half', () => {
  const job = (most: number) => 2 * stepsSuiting(most) + most;
  for (const seconds of [30, 300, 3000, 30_000]) {
    const most = mostWithin(seconds, 1e6, job);
    assert.ok(job(most) <= seconds && seconds < job(most + 1), `${seconds}`);
  }
  assert.equal(mostWithin(3000, 1e6, job), 2400);
});
