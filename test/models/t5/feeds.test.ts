import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../../src/models/load-model.ts';
import { groupsOf } from '../../../src/models/t5/feeds.ts';

test('answers are grouped in their order, by their tokens; one that is larger stands alone', () => {
  const [a, b, c, d] = [[1, 2], [3, 2, 1], [4, 4, 4, 4, 4, 1], [5]];
  assert.deepEqual(groupsOf([a, b, c, d], 5), [[a, b], [c], [d]]);
  assert.deepEqual(groupsOf([a, b, c, d], 0.5), [[a], [b], [c], [d]]);
  assert.deepEqual(groupsOf([a, b, c, d], 100), [[a, b, c, d]]);
  assert.deepEqual(groupsOf([], 5), []);
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
