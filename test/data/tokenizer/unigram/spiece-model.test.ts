import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../../src/core/errors.ts';
import { parseSpieceModel } from '../../../../src/data/tokenizer/unigram/spiece-model.ts';
import { SPECIAL_PIECES, smallCharsmap, spieceModel } from './fixtures.ts';

const pieces = [...SPECIAL_PIECES, { text: '▁a', score: -1.5 }, { text: 'b', score: -2, type: 5 }];

test('pieces, scores, types and flags are read, sentinels follow in descending order', () => {
  const charsmap = smallCharsmap();
  const spec = parseSpieceModel(spieceModel({ pieces, charsmap }), 2, 'spiece.model');
  assert.deepEqual(spec.pieces, ['<pad>', '</s>', '<unk>', '▁a', 'b', '<extra_id_1>', '<extra_id_0>']);
  assert.deepEqual(spec.isNormal, [false, false, false, true, false, false, false]);
  assert.equal(spec.scores[3], -1.5);
  assert.equal(spec.unknownId, 2);
  assert.deepEqual(Buffer.from(spec.charsmap!), charsmap);
  assert.deepEqual([spec.addPrefixSpace, spec.collapsed, spec.byteFallback], [true, / +/g, false]);
  assert.equal(spec.addedTokens.find(token => token.content === '<extra_id_0>')?.id, 6);
  assert.equal(spec.addedTokens.find(token => token.content === '</s>')?.id, 1);
});

test('flags that differ from the defaults are read', () => {
  const bytes = spieceModel({ pieces, byteFallback: true, removeExtraWhitespaces: false });
  const spec = parseSpieceModel(bytes, 0, 'spiece.model');
  assert.deepEqual([spec.collapsed, spec.byteFallback, spec.pieces.length], [undefined, true, 5]);
});

test('a user-defined piece is a token that decoding keeps', () => {
  const bytes = spieceModel({ pieces: [...SPECIAL_PIECES, { text: '[sep]', score: 0, type: 4 }] });
  const token = parseSpieceModel(bytes, 0, 'spiece.model').addedTokens.find(each => each.content === '[sep]');
  assert.deepEqual([token?.id, token?.special], [3, false]);
});

test('what is no unigram model is refused with the file and a remedy', () => {
  const refused = (bytes: Uint8Array, message: RegExp) =>
    assert.throws(
      () => parseSpieceModel(bytes, 100, 'folder/spiece.model'),
      (error: unknown) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        assert.match(error.message, /^folder\/spiece\.model: /);
        assert.ok(error.remedy);
        return true;
      },
    );
  const whole = spieceModel({ pieces });
  refused(whole.subarray(0, whole.length - 3), /premature EOF/);
  refused(new Uint8Array(0), /no pieces/);
  refused(Buffer.from('<!doctype html>'), /not a whole SentencePiece model/);
  refused(spieceModel({ pieces: [{ text: 'a', score: 0 }] }), /no unknown piece/);
  refused(spieceModel({ pieces, modelType: 2 }), /not of type unigram/);
  refused(spieceModel({ pieces, whitespaceAsSuffix: true }), /does not write a space as ▁/);
  refused(spieceModel({ pieces, escapeWhitespaces: false }), /does not write a space as ▁/);
});
