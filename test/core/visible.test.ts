import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shortened, visible } from '../../src/core/format.ts';

const hidden = /(?![\n\t])\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

test('whatever the text, nothing in it steers a terminal any more, and what is plain stays', () => {
  assert.equal(visible('a\u001b[2Jb\u009b2J\r\u0007\u202e\u007f'), 'a\\u001b[2Jb\\u009b2J\\u000d\\u0007\\u202e\\u007f');
  assert.equal(visible('é\t\n„ß“ 漢 😀 \u200d'), 'é\t\n„ß“ 漢 😀 \u200d');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.doesNotMatch(visible(text), hidden);
      assert.equal(visible(visible(text)), visible(text));
    }),
  );
});

test('a JSON document stays the same document', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), json => {
      assert.deepEqual(JSON.parse(visible(json)), JSON.parse(json));
    }),
  );
  assert.deepEqual(JSON.parse(visible(JSON.stringify({ '\u009b': '\u2028\u001b\\' }))), { '\u009b': '\u2028\u001b\\' });
});

test('a long text keeps its beginning and its end', () => {
  assert.equal(shortened('a'.repeat(90), 90), 'a'.repeat(90));
  const text = shortened(`${'a'.repeat(1000)}${'b'.repeat(1000)}`, 90);
  assert.equal(text, `${'a'.repeat(60)} … (1910 characters left out) … ${'b'.repeat(30)}`);
});
