import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  causalMask,
  idsFeed,
  localMask,
  longestOf,
  MASKED,
  paddedLength,
  paddingMask,
  positionIds,
} from '../../../src/models/kit/padding.ts';
import { poolingFeed } from '../../../src/models/kit/text-classifier.ts';

const rows = [[5, 6, 7], [8]];
const seen = (feed: { data: unknown }) => Array.from(feed.data as Float32Array, value => (value === 0 ? 1 : 0));

it('rows are padded at their ends, to whole vectors', () => {
  assert.deepEqual(
    [longestOf(rows), longestOf([]), paddedLength(1), paddedLength(8), paddedLength(9)],
    [3, 1, 8, 8, 16],
  );
  assert.deepEqual(idsFeed(rows, 4, 1), { type: 'int32', data: Int32Array.of(5, 6, 7, 1, 8, 1, 1, 1), dims: [2, 4] });
});

it('masks leave what may be seen as it is', () => {
  assert.deepEqual(seen(paddingMask(rows, 4)), [1, 1, 1, 0, 1, 0, 0, 0]);
  assert.deepEqual(paddingMask(rows, 4).dims, [2, 1, 1, 4]);
  assert.deepEqual(seen(causalMask(3)), [1, 0, 0, 1, 1, 0, 1, 1, 1]);
  assert.deepEqual(seen(localMask(4, 1)), [1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1]);
  assert.deepEqual(localMask(4, 1).dims, [1, 1, 4, 4]);
  assert.ok((causalMask(2).data as Float32Array)[1] === Math.fround(MASKED));
});

it('positions are counted from where a family begins, and pooling weighs no padding', () => {
  assert.deepEqual([...positionIds(rows, 4).data], [0, 1, 2, 0, 0, 0, 0, 0]);
  assert.deepEqual([...positionIds(rows, 4, { first: 2, padding: 1 }).data], [2, 3, 4, 1, 2, 1, 1, 1]);
  const third = Math.fround(1 / 3);
  assert.deepEqual([...poolingFeed('mean', rows, 4).data], [third, third, third, 0, 1, 0, 0, 0]);
});
