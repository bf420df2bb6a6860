import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import {
  checkLabelsCanBeSpelled,
  encodeExample,
  encodeExamples,
  encodeSource,
  longestTokenCount,
} from '../../src/data/encode.ts';
import type { Tokenizer } from '../../src/data/tokenizer/tokenizer.ts';

/** One id a word: its length plus 10. */
const tokenizer: Tokenizer = {
  size: 100,
  special: {},
  padId: 0,
  endId: 1,
  encode: text => text.split(' ').flatMap(word => (word === '' ? [] : [word.length + 10])),
  decode: ids => ids.join(' '),
};

test('a source ends with the end id, which counts in its maximum length', () => {
  assert.deepEqual(encodeSource(tokenizer, 'a bb ccc', 10), [11, 12, 13, 1]);
  assert.deepEqual(encodeSource(tokenizer, 'a bb ccc', 4), [11, 12, 13, 1]);
  assert.deepEqual(encodeSource(tokenizer, 'a bb ccc', 3), [11, 12, 1]);
  assert.deepEqual(encodeSource(tokenizer, '', 3), [1]);
});

test('a target is whole and ends with the end id', () => {
  const example = { source: 'a bb ccc', target: 'a bb ccc dddd', line: 1 };
  const encoded = encodeExample(tokenizer, example, 2);
  assert.deepEqual(encoded, { input: { ids: [11, 1] }, output: { ids: [11, 12, 13, 14, 1] } });
  assert.deepEqual(encodeExamples(tokenizer, [example, example], 2), [encoded, encoded]);
});

test('with a sentinel, sources end in it and answers begin with it', () => {
  const framed: Tokenizer = { ...tokenizer, sentinelId: 99 };
  assert.deepEqual(encodeSource(framed, 'a bb ccc', 10), [11, 12, 13, 99, 1]);
  assert.deepEqual(encodeSource(framed, 'a bb ccc', 4), [11, 12, 99, 1]);
  assert.deepEqual(encodeSource(framed, 'a bb ccc', 1), [99, 1]);
  const example = { source: 'a', target: 'bb ccc', line: 1 };
  assert.deepEqual(encodeExample(framed, example, 8), {
    input: { ids: [11, 99, 1] },
    output: { ids: [99, 12, 13, 1] },
  });
  assert.equal(longestTokenCount(framed, ['a', 'a b']), 3);
});

test('the longest text counts without the end id', () => {
  assert.equal(longestTokenCount(tokenizer, ['a', 'a b c', 'a b']), 3);
  assert.equal(longestTokenCount(tokenizer, []), 0);
});

test('a label that does not come back from the vocabulary is refused', () => {
  const lowerCase: Tokenizer = { ...tokenizer, encode: text => [text.length], decode: () => 'yes' };
  checkLabelsCanBeSpelled(lowerCase, ['yes']);
  assert.throws(
    () => checkLabelsCanBeSpelled(lowerCase, ['yes', 'YES']),
    (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /spells the label "YES" as "yes"/);
      return true;
    },
  );
});
