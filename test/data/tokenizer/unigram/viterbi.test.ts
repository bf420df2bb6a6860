import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytePiece,
  compileSegmenter,
  type UnigramVocabulary,
} from '../../../../src/data/tokenizer/unigram/segmenter.ts';

function vocabulary(entries: Record<string, number>, more: Partial<UnigramVocabulary> = {}): UnigramVocabulary {
  const pieces = ['<unk>', ...Object.keys(entries)];
  return {
    pieces,
    scores: [0, ...Object.values(entries)],
    isSearched: id => id !== 0,
    unknownId: 0,
    unknownScore: Math.min(...Object.values(entries)) - 10,
    byteFallback: false,
    sums: 'float64',
    ...more,
  };
}

test('the segmentation with the largest sum of scores wins, not the longest piece', () => {
  const spec = vocabulary({ a: -1, b: -1, ab: -3, abc: -10, c: -1 });
  assert.deepEqual(compileSegmenter(spec)('abc'), [1, 2, 5]);
});

test('of two equal segmentations the one whose last piece begins earlier wins', () => {
  const spec = vocabulary({ a: -2, aa: -3 });
  // a+aa and aa+a both score -5.
  assert.deepEqual(compileSegmenter(spec)('aaa'), [1, 2]);
});

test('ties fall as the sums are rounded', () => {
  // aa+a is better than a+aa by less than float32 holds beside 10,000: there the one found first stays.
  const spec = vocabulary({ x: -10_000, a: -2, aa: -3, xa: -10_002 - 1e-6 });
  assert.deepEqual(compileSegmenter(spec)('xaa'), [1, 3]);
  assert.deepEqual(compileSegmenter(spec)('xa'), [1, 2]);
  assert.deepEqual(compileSegmenter({ ...spec, sums: 'float32' })('xa'), [4]);
});

test('neighbouring unknown characters become one unknown id, surrogate pairs count as one character', () => {
  const segment = compileSegmenter(vocabulary({ a: -1 }));
  assert.deepEqual(segment('a漢字a'), [1, 0, 1]);
  assert.deepEqual(segment('😀'), [0]);
  assert.deepEqual(segment(''), []);
});

test('with byte fallback an unknown character becomes its UTF-8 bytes', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => bytePiece(byte));
  const spec = vocabulary({ a: -1 });
  const withBytes: UnigramVocabulary = {
    ...spec,
    pieces: [...spec.pieces, ...bytes],
    scores: [...spec.scores, ...bytes.map(() => 0)],
    isSearched: id => id === 1,
    byteFallback: true,
  };
  assert.deepEqual(compileSegmenter(withBytes)('aé'), [1, 2 + 0xc3, 2 + 0xa9]);
});

test('no segmentation scores more than the one returned', () => {
  const entries = { a: -1.5, b: -2.25, c: -2, ab: -3.1, bc: -3.3, abc: -4.9, ca: -2.7 };
  const spec = vocabulary(entries);
  const segment = compileSegmenter(spec);
  const bestScore = (text: string): number =>
    text === ''
      ? 0
      : Math.max(
          ...Object.entries(entries)
            .filter(([piece]) => text.startsWith(piece))
            .map(([piece, score]) => score + bestScore(text.slice(piece.length))),
        );
  fc.assert(
    fc.property(fc.stringMatching(/^[abc]{0,9}$/), text => {
      const ids = segment(text);
      assert.equal(ids.map(id => spec.pieces[id]).join(''), text);
      const score = ids.reduce((sum, id) => sum + spec.scores[id]!, 0);
      assert.ok(Math.abs(score - bestScore(text)) < 1e-9);
    }),
    { numRuns: 200 },
  );
});

test('a score that is no log-probability is refused: sums of it would never compare, and the search never end', () => {
  for (const score of [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1e300]) {
    assert.throws(() => compileSegmenter(vocabulary({ a: -1, b: score })), /piece 2 has score/);
  }
});
