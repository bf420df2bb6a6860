import assert from 'node:assert/strict';
import { test } from 'node:test';
import { precompiledNormalizer } from '../../../../src/data/tokenizer/json/normalizers.ts';
import {
  readCharsmap,
  sentencePieceNormalizer,
} from '../../../../src/data/tokenizer/unigram/sentence-piece-normalizer.ts';
import { smallCharsmap } from './fixtures.ts';

const charsmap = readCharsmap(smallCharsmap());
const plain = { charsmap, addPrefixSpace: false, collapsesSpaces: false, userDefined: [] };

for (const [program, normalise] of Object.entries({
  SentencePiece: sentencePieceNormalizer(plain),
  "Hugging Face's library": precompiledNormalizer(charsmap),
})) {
  test(`${program}: each rule replaces its characters and everything else stays`, () => {
    assert.equal(normalise('bAnAnA'), 'banana');
    assert.equal(normalise('cafe\u0301'), 'café');
    assert.equal(normalise('buzz!'), 'bu!');
    assert.equal(normalise('unchanged漢字😀'), 'unchanged漢字😀');
    assert.equal(normalise('😀A漢A'), '😀a漢a');
    assert.equal(normalise(''), '');
  });

  test(`${program}: the beginning of a rule alone is no rule`, () => {
    assert.equal(normalise('e'), 'e');
    assert.equal(normalise('e\u0300A'), 'e\u0300a');
  });
}

test('rules that are cut off are refused', () => {
  assert.throws(() => readCharsmap(new Uint8Array([1, 0])), RangeError);
  assert.throws(() => readCharsmap(smallCharsmap().subarray(0, 100)), RangeError);
});
