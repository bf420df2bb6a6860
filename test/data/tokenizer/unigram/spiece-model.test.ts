import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../../src/core/errors.ts';
import { parseSpieceModel } from '../../../../src/data/tokenizer/unigram/spiece-model.ts';
import { SPECIAL_PIECES, smallCharsmap, spieceModel } from './fixtures.ts';

const pieces = [...SPECIAL_PIECES, { text: '▁a', score: -1.5 }, { text: 'b', score: -2, type: 5 }];

test('pieces, scores, types and flags are read', () => {
  const { vocabulary, rules, isControl } = parseSpieceModel(
    spieceModel({ pieces, charsmap: smallCharsmap() }),
    'spiece.model',
  );
  assert.deepEqual(vocabulary.pieces, ['<pad>', '</s>', '<unk>', '▁a', 'b']);
  const ids = vocabulary.pieces.map((_, id) => id);
  assert.deepEqual(ids.map(vocabulary.isSearched), [false, false, false, true, false]);
  assert.deepEqual(ids.map(isControl), [true, true, true, false, false]);
  assert.equal(vocabulary.scores[3], -1.5);
  assert.equal(vocabulary.unknownId, 2);
  assert.equal(vocabulary.unknownScore, -11.5);
  assert.equal(rules.charsmap?.shortest(Buffer.from('A')), 'a');
  assert.deepEqual([rules.addPrefixSpace, rules.collapsesSpaces, vocabulary.byteFallback], [true, true, false]);
});

test('flags that differ from the defaults are read', () => {
  const bytes = spieceModel({ pieces, byteFallback: true, removeExtraWhitespaces: false });
  const { vocabulary, rules } = parseSpieceModel(bytes, 'spiece.model');
  assert.deepEqual([rules.collapsesSpaces, vocabulary.byteFallback, rules.charsmap], [false, true, undefined]);
});

test("a symbol of the user's is searched with the score that SentencePiece gives it", () => {
  const bytes = spieceModel({ pieces: [...SPECIAL_PIECES, { text: '[sep]', score: -7, type: 4 }] });
  const { vocabulary, rules } = parseSpieceModel(bytes, 'spiece.model');
  assert.deepEqual([vocabulary.isSearched(3), vocabulary.scores[3]], [true, Math.fround(0.4)]);
  assert.deepEqual(rules.userDefined, ['[sep]']);
});

test('what is no unigram model is refused with the file and a remedy', () => {
  const refused = (bytes: Uint8Array, message: RegExp) =>
    assert.throws(
      () => parseSpieceModel(bytes, 'folder/spiece.model'),
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
