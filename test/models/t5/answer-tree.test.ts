import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerScores, answersFeeds, answerTree } from '../../../src/models/t5/answer-tree.ts';
import { decoderFeeds } from '../../../src/models/t5/feeds.ts';
import type { T5Config } from '../../../src/models/t5/t5-checkpoint.ts';

const config = { decoderStartId: 0, padId: 0, numBuckets: 8, maxDistance: 16 } as T5Config;
/** The second begins as the first does, the fourth goes on where the third ends. */
const answers = [[5, 6, 1], [5, 7, 1], [8], [8, 9]];
const tree = answerTree(answers, 0);

test('what answers begin with is read once, and what each says is found again', () => {
  const { nodes, choices, places } = tree;
  assert.deepEqual(
    nodes.map(({ id, path, said }) => ({ id, path, said })),
    [
      { id: 0, path: [0], said: [5, 8] },
      { id: 5, path: [0, 1], said: [6, 7] },
      { id: 6, path: [0, 1, 2], said: [1] },
      { id: 7, path: [0, 1, 3], said: [1] },
      { id: 8, path: [0, 4], said: [9] },
    ],
  );
  const said = nodes.flatMap(node => Array.from({ length: choices }, (_, i) => node.said[i]));
  assert.deepEqual(
    places.map(each => each.map(place => said[place])),
    answers,
  );
  const logProbabilities = Float32Array.from(said, (_, place) => -(2 ** place));
  assert.deepEqual(answerScores(tree, logProbabilities), [-(1 + 4 + 16), -(1 + 8 + 64), -2, -(2 + 256)]);
});

test('a token sees what its own answer has before it, as alone, and nothing of another text', () => {
  const [texts, rows, size] = [2, 3, 5];
  const { decoderIds, causalMask, decoderBuckets, labels } = answersFeeds(tree, texts, rows, config);
  const length = texts * size;
  assert.deepEqual(
    [...decoderIds!.data],
    Array(texts * rows)
      .fill([0, 5, 6, 7, 8])
      .flat(),
  );
  assert.deepEqual([...labels!.data.slice(0, 10)], [5, 8, 6, 7, 1, 0, 1, 0, 9, 0]);
  assert.deepEqual(
    [causalMask!.dims, decoderBuckets!.dims, labels!.dims],
    [
      [1, 1, length, length],
      [length, length],
      [rows * length, 2],
    ],
  );
  const longest = 3;
  const alone = decoderFeeds([answers[0]!], config);
  for (let query = 0; query < length; query++) {
    const { path } = tree.nodes[query % size]!;
    for (let key = 0; key < length; key++) {
      const before = Math.floor(query / size) === Math.floor(key / size) ? path.indexOf(key % size) : -1;
      const cell = query * length + key;
      assert.equal(causalMask!.data[cell], before < 0 ? -1e9 : 0, `${query} sees ${key}`);
      if (before < 0) continue;
      assert.equal(decoderBuckets!.data[cell], alone.decoderBuckets!.data[(path.length - 1) * longest + before]);
    }
  }
});
