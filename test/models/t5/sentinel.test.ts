import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../src/core/errors.ts';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import { sentinelOf } from '../../../src/models/t5/t5-codec.ts';

const tiny = await loadTokenizer(fileURLToPath(new URL('../../fixtures/tiny-t5', import.meta.url)));

test('the first sentinel is one token of the vocabulary, and decoding leaves it out', () => {
  const id = sentinelOf(tiny);
  assert.deepEqual([id], tiny.encode('<extra_id_0>'));
  const answer = tiny.encode('film');
  assert.equal(tiny.decode([id, ...answer]), tiny.decode(answer));
});

test('a vocabulary without sentinels is refused', () => {
  const bare: Tokenizer = { ...tiny, encode: text => [...text].map(() => 3), decode: ids => ids.join('') };
  for (const tokenizer of [bare, { ...bare, encode: () => [] }, { ...bare, encode: () => [3] }]) {
    assert.throws(
      () => sentinelOf(tokenizer),
      (error: InputError) => error instanceof InputError && error.where === '--sentinel',
    );
  }
});
