import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCharsmap } from '../../../../src/data/tokenizer/unigram/charsmap.ts';
import { smallCharsmap } from './fixtures.ts';

test('each rule replaces its characters and everything else stays', () => {
  const normalise = compileCharsmap(smallCharsmap());
  assert.equal(normalise('bAnAnA'), 'banana');
  assert.equal(normalise('cafe\u0301'), 'café');
  assert.equal(normalise('buzz!'), 'bu!');
  assert.equal(normalise('unchanged 漢字 😀'), 'unchanged 漢字 😀');
  assert.equal(normalise('😀A漢A'), '😀a漢a');
  assert.equal(normalise(''), '');
});

test('the beginning of a rule alone is no rule', () => {
  const normalise = compileCharsmap(smallCharsmap());
  assert.equal(normalise('e'), 'e');
  assert.equal(normalise('e\u0300A'), 'e\u0300a');
});

test('rules that are cut off are refused', () => {
  assert.throws(() => compileCharsmap(new Uint8Array([1, 0])), RangeError);
  assert.throws(() => compileCharsmap(smallCharsmap().subarray(0, 100)), RangeError);
});
