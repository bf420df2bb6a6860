import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PhiloxCounter, type PhiloxKey, philox4x32 } from '../../src/core/random.ts';

// The known-answer vectors published with Random123 (kat_vectors, philox4x32 with 10 rounds).
const knownAnswers: { counter: PhiloxCounter; key: PhiloxKey; words: number[] }[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

for (const { counter, key, words } of knownAnswers) {
  test(`philox4x32-10 of counter ${counter} under key ${key}`, () => {
    assert.deepEqual(philox4x32(counter, key), words);
  });
}

/** The same bijection in big integers: slow, and without any trick. */
function reference(counter: PhiloxCounter, key: PhiloxKey): number[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const a = c0 * 0xd2511f53n;
    const b = c2 * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, b & mask, (a >> 32n) ^ c3 ^ k1, a & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

test('philox4x32 equals the same arithmetic in big integers', () => {
  for (let i = 0; i < 500; i++) {
    // Every answer is the next question, so that all bits get exercised.
    const counter = philox4x32([i, 1, 2, 3], [4, 5]);
    const key: PhiloxKey = [counter[3], counter[0]];
    assert.deepEqual(philox4x32(counter, key), reference(counter, key));
  }
});
