import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainToken } from '../../../src/data/tokenizer/special-tokens.ts';
import { createSentencePieceTokenizer, parseSpieceModel } from '../../../src/data/tokenizer/unigram/spiece-model.ts';
import { SPECIAL_PIECES, type SpieceFixture, smallCharsmap, spieceModel } from './unigram/fixtures.ts';

// Ids: ▁ 3, ▁a 4, b 5, ▁b 6, a 7, é 8, then <extra_id_1> 9, <extra_id_0> 10.
const words = ['▁', '▁a', 'b', '▁b', 'a', 'é'];
const pieces = [...SPECIAL_PIECES, ...words.map((text, i) => ({ text, score: -1 - i / 8 }))];

function tokenizer(fixture: Partial<SpieceFixture> = {}) {
  const all = { pieces, ...fixture };
  const ids = {
    '<pad>': 0,
    '</s>': 1,
    '<unk>': 2,
    '<extra_id_1>': all.pieces.length,
    '<extra_id_0>': all.pieces.length + 1,
  };
  const tokens = Object.entries(ids).map(([content, id]) => ({ ...plainToken(content, true), id }));
  return createSentencePieceTokenizer(parseSpieceModel(spieceModel(all), 'spiece.model'), { tokens, special: {} });
}

test('a space is put before the text, and several spaces count as one', () => {
  const { encode } = tokenizer();
  assert.deepEqual(encode('a b'), [4, 6]);
  assert.deepEqual(encode('  a   b  '), [4, 6]);
  assert.deepEqual(encode('ab'), [4, 5]);
  assert.deepEqual(encode(''), []);
  assert.deepEqual(encode('   '), []);
});

test('where the model keeps extra spaces, they are pieces', () => {
  assert.deepEqual(tokenizer({ removeExtraWhitespaces: false }).encode('a  b'), [4, 3, 6]);
});

test('text is normalised before it is segmented', () => {
  assert.deepEqual(tokenizer({ charsmap: smallCharsmap() }).encode('Ae\u0301'), [4, 8]);
});

test('special tokens in the text are matched whole, and the text around them is encoded on its own', () => {
  const { encode } = tokenizer();
  assert.deepEqual(encode('a <extra_id_0> b<extra_id_1>b'), [4, 10, 6, 9, 6]);
  assert.deepEqual(encode('a</s>'), [4, 1]);
});

test("a symbol of the user's is found inside words, and no rule changes it", () => {
  const symbol = { text: 'AA', score: 0, type: 4 };
  const { encode, decode } = tokenizer({ pieces: [...pieces, symbol], charsmap: smallCharsmap() });
  assert.deepEqual(encode('bAAb A'), [6, 9, 5, 4]);
  assert.equal(decode([6, 9, 5]), 'bAAb');
});

test('a repeated word gives the same ids, and callers cannot change what is remembered', () => {
  const { encode } = tokenizer();
  const first = encode('ab');
  first.push(99);
  assert.deepEqual(encode('ab'), [4, 5]);
});

test('a vocabulary with pieces across words is segmented over the whole text', () => {
  const across = tokenizer({ pieces: [...pieces, { text: '▁a▁b', score: -0.1 }] });
  assert.deepEqual(across.encode('a b'), [9]);
});

test('decoding gives the text back, without special tokens, padding rows and the first space', () => {
  const { decode, encode, size } = tokenizer();
  assert.equal(size, 11);
  assert.equal(decode(encode('a b ab')), 'a b ab');
  assert.equal(decode([0, 10, 4, 2, 6, 1, 8127]), 'a b');
  assert.equal(decode([]), '');
});

test('byte pieces decode to the characters they make up', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    score: 0,
    type: 6,
  }));
  const { decode, encode } = tokenizer({ pieces: [...pieces, ...bytes], byteFallback: true });
  assert.equal(encode('a漢').length, 4);
  assert.equal(decode(encode('a漢 b')), 'a漢 b');
});
