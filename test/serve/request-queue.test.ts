import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError } from '../../src/core/errors.ts';
import { createRequestQueue } from '../../src/serve/predictor.ts';

/** A queue over numbers, whose answers are their squares; negative ones cannot be answered. */
function squares({ batchSize = 4, batchTokens = 1000, most = 10, milliseconds = 20 } = {}) {
  const batches: (readonly number[])[] = [];
  const queue = createRequestQueue<number, number>({
    async run(questions) {
      batches.push(questions);
      await delay(milliseconds);
      if (questions.some(question => question < 0)) throw new RangeError('negative');
      return questions.map(question => question ** 2);
    },
    sizeOf: question => Math.abs(question),
    ...{ batchSize, batchTokens, most },
  });
  return { queue, batches };
}

test('what comes at one moment, or while another is answered, goes into one run, in its order', async () => {
  const { queue, batches } = squares();
  const first = [queue.ask([1]), queue.ask([2, 3])];
  while (batches.length === 0) await delay(1);
  assert.deepEqual(await Promise.all([...first, queue.ask([4]), queue.ask([5])]), [[1], [4, 9], [16], [25]]);
  assert.deepEqual(batches, [
    [1, 2, 3],
    [4, 5],
  ]);
  assert.deepEqual(await queue.ask([]), []);
});

test('whoever asks again upon an answer goes into the next run, with those that came meanwhile', async () => {
  const { queue, batches } = squares();
  const client = async (question: number) => {
    await queue.ask([question]);
    await queue.ask([question + 10]);
  };
  const two = [client(1), client(2)];
  while (batches.length === 0) await delay(1);
  await Promise.all([...two, client(3)]);
  assert.deepEqual(
    batches.map(batch => [...batch].sort((a, b) => a - b)),
    [[1, 2], [3, 11, 12], [13]],
  );
});

test('a run holds no more than its rows and its padded tokens, but for one that is larger alone', async () => {
  const { queue, batches } = squares({ batchTokens: 12 });
  assert.deepEqual(await queue.ask([2, 2, 2, 2, 2, 6, 4, 20, 1]), [4, 4, 4, 4, 4, 36, 16, 400, 1]);
  assert.deepEqual(batches, [[2, 2, 2, 2], [2, 6], [4], [20], [1]]);
});

test('a full queue refuses at once, and takes again what fits', async () => {
  const { queue } = squares({ batchSize: 1 });
  const waiting = queue.ask(Array.from({ length: 8 }, (_, i) => i));
  await assert.rejects(queue.ask([1, 2, 3]), { code: 'queue-full', message: /8 questions wait, and 3 more/ });
  const more = queue.ask([5, 6]);
  assert.equal(queue.waiting, 10);
  await Promise.all([waiting, more]);
  assert.equal(queue.waiting, 0);
  await assert.rejects(queue.ask(new Array(11).fill(1)), { code: 'queue-full', remedy: /at most 10 at once/ });
});

test('a question that cannot be answered fails alone', async () => {
  const { queue } = squares();
  const settled = await Promise.allSettled([queue.ask([1]), queue.ask([-2]), queue.ask([3])]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('an abort takes what waits out of the queue, and nothing of others', async () => {
  const { queue, batches } = squares({ batchSize: 1 });
  const controller = new AbortController();
  const stopped = queue.ask([1, 2, 3], controller);
  const other = queue.ask([4]);
  const refused = assert.rejects(stopped, InterruptedError);
  while (batches.length === 0) await delay(1);
  controller.abort();
  await refused;
  assert.deepEqual(await other, [16]);
  assert.deepEqual(batches, [[1], [4]]);
  await assert.rejects(queue.ask([1], controller), InterruptedError);
});

test('closing answers what waits and refuses what comes', async () => {
  const { queue } = squares({ batchSize: 1 });
  let answered = 0;
  const waiting = [1, 2, 3].map(question => queue.ask([question]).then(() => answered++));
  const closing = queue.close();
  await assert.rejects(queue.ask([1]), { code: 'predictor-closed' });
  await closing;
  await Promise.all(waiting);
  assert.equal(answered, 3);
});
