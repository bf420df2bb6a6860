import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../../src/models/load-model.ts';
import { answersFeeds, decoderFeeds, groupsOf } from '../../../src/models/t5/feeds.ts';
import type { T5Config } from '../../../src/models/t5/t5-checkpoint.ts';

const config = { decoderStartId: 0, padId: 0, numBuckets: 8, maxDistance: 16 } as T5Config;

test('answers are grouped in their order, by their tokens; one that is larger stands alone', () => {
  const [a, b, c, d] = [[1, 2], [3, 2, 1], [4, 4, 4, 4, 4, 1], [5]];
  assert.deepEqual(groupsOf([a, b, c, d], 5), [[a, b], [c], [d]]);
  assert.deepEqual(groupsOf([a, b, c, d], 0.5), [[a], [b], [c], [d]]);
  assert.deepEqual(groupsOf([a, b, c, d], 100), [[a, b, c, d]]);
  assert.deepEqual(groupsOf([], 5), []);
});

test('answers side by side see of themselves what each sees alone, and nothing of others', () => {
  const answers = [
    [5, 6, 1],
    [7, 1],
  ];
  const { decoderIds, causalMask, decoderBuckets, labels } = answersFeeds(answers, 2, config);
  assert.deepEqual([...decoderIds!.data], [0, 5, 6, 0, 7, 0, 5, 6, 0, 7]);
  assert.deepEqual([...labels!.data], [5, 6, 1, 7, 1, 5, 6, 1, 7, 1]);
  assert.deepEqual(
    [causalMask!.dims, decoderBuckets!.dims],
    [
      [1, 1, 5, 5],
      [5, 5],
    ],
  );
  let begin = 0;
  for (const { length } of answers) {
    const alone = decoderFeeds([answers[0]!.slice(0, length)], config);
    for (let query = 0; query < length; query++) {
      for (let key = 0; key < 5; key++) {
        const [row, place] = [(begin + query) * 5 + key, key - begin];
        const isOwn = place >= 0 && place <= query;
        assert.equal(causalMask!.data[row], isOwn ? 0 : alone.causalMask!.data[1], `${query} sees ${key}`);
        if (isOwn) assert.equal(decoderBuckets!.data[row], alone.decoderBuckets!.data[query * length + place]);
      }
    }
    begin += length;
  }
});

test('a hundred answers are ranked as each by itself', async () => {
  const tiny = await loadModel(fileURLToPath(new URL('../../fixtures/tiny-t5', import.meta.url)), { threads: 1 });
  const program = await tiny.compile([]);
  const none = new Float32Array(0);
  const inputs = [{ ids: [5, 9, 12, 1] }, { ids: [7, 1] }];
  const outputs = Array.from({ length: 100 }, (_, i) => ({ ids: [...Array(i % 4).fill(3 + (i % 30)), 8, 1] }));
  const together = await program.choose(inputs, outputs, none);
  for (const [column, output] of outputs.entries()) {
    const alone = await program.choose(inputs, [output], none);
    for (const row of [0, 1]) assert.ok(Math.abs(together[row]![column]! - alone[row]![0]!) < 1e-4);
  }
  await program.release();
});
