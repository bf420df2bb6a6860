import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../src/core/errors.ts';
import { encodeSource } from '../../../src/data/encode.ts';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import { withSentinel } from '../../../src/data/tokenizer/sentinel.ts';
import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';

const tiny = await loadTokenizer(fileURLToPath(new URL('../../fixtures/tiny-t5', import.meta.url)));

test('the first sentinel of the vocabulary opens answers, and decoding leaves it out', () => {
  const framed = withSentinel(tiny);
  assert.deepEqual([framed.sentinelId], tiny.encode('<extra_id_0>'));
  assert.equal(tiny.sentinelId, undefined);
  const answer = tiny.encode('film');
  assert.equal(framed.decode([framed.sentinelId!, ...answer]), tiny.decode(answer));
  assert.deepEqual(encodeSource(framed, '', 8).ids, [framed.sentinelId, tiny.endId]);
});

test('a vocabulary without sentinels is refused', () => {
  const bare: Tokenizer = { ...tiny, encode: text => [...text].map(() => 3), decode: ids => ids.join('') };
  for (const tokenizer of [bare, { ...bare, encode: () => [] }, { ...bare, encode: () => [3] }]) {
    assert.throws(
      () => withSentinel(tokenizer),
      (error: InputError) => error instanceof InputError && error.where === '--sentinel',
    );
  }
});
