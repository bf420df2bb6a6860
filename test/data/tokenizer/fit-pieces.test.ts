import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Piece } from '../../../src/data/example.ts';
import { fitPieces } from '../../../src/data/tokenizer/truncation.ts';

/** An id a word: its length. */
const encode = (text: string) => text.split(/\s+/).flatMap(word => (word === '' ? [] : [word.length]));
const words = (count: number, letter: string) => Array.from({ length: count }, () => letter).join(' ');
const pair = (first: string, second: string): Piece[] => [
  { text: 'premise: ' },
  { text: first, field: 'premise' },
  { text: ' hypothesis: ' },
  { text: second, field: 'hypothesis' },
];

test('what has room stays whole', () => {
  const ids = encode('premise: a a hypothesis: bb');
  assert.deepEqual(fitPieces(pair('a a', 'bb'), encode, 5), { ids, cut: 0, lost: {} });
});

test('the longest field loses its end, the short one that decides and the own words stay', () => {
  const fitted = fitPieces(pair(words(200, 'a'), 'bb bb bb'), encode, 20);
  assert.deepEqual(fitted.ids, encode(`premise: ${words(15, 'a')} hypothesis: bb bb bb`));
  assert.deepEqual([fitted.cut, fitted.lost], [185, { premise: 185 }]);
});

test('two long fields are cut alike', () => {
  const fitted = fitPieces(pair(words(50, 'a'), words(30, 'bb')), encode, 22);
  assert.deepEqual(fitted.ids, encode(`premise: ${words(10, 'a')} hypothesis: ${words(10, 'bb')}`));
  assert.deepEqual(fitted.lost, { premise: 40, hypothesis: 20 });
});

test('a field at the end of the text loses ids, and words after a field stay', () => {
  const last = fitPieces([{ text: 'q: ' }, { text: 'a bb ccc', field: 'text' }], encode, 3);
  assert.deepEqual(last, { ids: [2, 1, 2], cut: 1, lost: { text: 1 } });
  const framed = [{ text: 'review: ' }, { text: words(9, 'a'), field: 'text' }, { text: ' sentiment:' }];
  assert.deepEqual(fitPieces(framed, encode, 4).ids, encode('review: a a sentiment:'));
});

test('where even the own words have no room, nothing is longer than asked', () => {
  assert.deepEqual(fitPieces(pair('a', 'b'), encode, 1).ids, [8]);
  assert.deepEqual(fitPieces(pair('a', 'b'), encode, 0).ids, []);
});

test('no text is longer than there is room, and none is cut further than it must be', () => {
  const field = fc.array(fc.constantFrom('a', 'bb', 'ccc'), { maxLength: 30 }).map(list => list.join(' '));
  fc.assert(
    fc.property(field, field, fc.integer({ min: 2, max: 40 }), (first, second, room) => {
      const { ids } = fitPieces(pair(first, second), encode, room);
      const whole = encode(`premise: ${first} hypothesis: ${second}`).length;
      assert.equal(ids.length, Math.min(whole, room));
      assert.ok(ids.includes('hypothesis:'.length));
    }),
  );
});
