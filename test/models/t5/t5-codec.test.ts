import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import { builtInModels, offeredModel } from '../../../src/models/built-in.ts';
import { answerOf, type CodecOptions, type CodedTask } from '../../../src/models/codec.ts';
import { t5Codec as codecOf } from '../../../src/models/t5/t5-codec.ts';

/** One id a word: its length plus 10; the sentinel is 99. */
const tokenizer: Tokenizer = {
  size: 100,
  special: {},
  padId: 0,
  endId: 1,
  encode: text =>
    text.split(' ').flatMap(word => (word === '' ? [] : [word === '<extra_id_0>' ? 99 : word.length + 10])),
  decode: ids => ids.map(id => (id === 99 ? '' : 'x'.repeat(id - 10))).join(' '),
};
const t5Codec = (...args: [Tokenizer, CodedTask, CodecOptions]) => codecOf({}, ...args);
const read = (text: string, options: { maxLength: number; sentinel?: boolean }) =>
  t5Codec(tokenizer, {}, options).read([{ text }]);

test('an input ends with the end id, which counts in its maximum length, and what is cut is told', () => {
  const text = 'a bb ccc';
  assert.deepEqual(read(text, { maxLength: 10 }), { input: { ids: [11, 12, 13, 1] }, text, cut: 0 });
  assert.deepEqual(read(text, { maxLength: 4 }), { input: { ids: [11, 12, 13, 1] }, text, cut: 0 });
  assert.deepEqual(read(text, { maxLength: 3 }), { input: { ids: [11, 12, 1] }, text, cut: 1, lost: { text: 1 } });
  assert.deepEqual(read('', { maxLength: 3 }).input, { ids: [1] });
});

test('with a sentinel, inputs end in it and answers begin with it', () => {
  const framed = (maxLength: number) => read('a bb ccc', { maxLength, sentinel: true }).input.ids;
  assert.deepEqual(
    [framed(10), framed(4), framed(1)],
    [
      [11, 12, 13, 99, 1],
      [11, 12, 99, 1],
      [99, 1],
    ],
  );
  const codec = t5Codec(tokenizer, { maxTargetLength: 5 }, { maxLength: 8, sentinel: true });
  assert.deepEqual(codec.encode({ text: 'xx xxx' }, codec.read([])), { ids: [99, 12, 13, 1] });
  assert.deepEqual([codec.writing!.maxTokens, codec.form], [6, { sentinel: true }]);
});

test('a class is answered by its word or its number, a number as the data spell it', () => {
  const worded = t5Codec(tokenizer, { labels: ['no', 'yes'], words: ['x', 'xx xxx'] }, { maxLength: 8 });
  assert.equal(worded.write({ class: 1 }), 'xx xxx');
  assert.deepEqual(worded.choice!.outputs, [{ ids: [11, 1] }, { ids: [12, 13, 1] }]);
  assert.equal(worded.writing!.maxTokens, 3);
  assert.equal(answerOf(worded.choice!, worded.read([]), Float64Array.of(-3, -2)), 'xx xxx');
  const free = t5Codec(tokenizer, {}, { maxLength: 8 });
  assert.deepEqual([free.choice, free.writing!.maxTokens], [undefined, 16]);
  assert.equal(free.write({ value: 3.5, spelled: '3.50' }), '3.50');
  assert.equal(t5Codec(tokenizer, { name: 'stsb' }, { maxLength: 8 }).write({ value: 3.25, spelled: '3.250' }), '3.2');
  assert.equal(free.write({ class: 2 }), '2');
});

test('a label that does not come back from the vocabulary is refused', () => {
  const options = { maxLength: 8 };
  t5Codec(tokenizer, { labels: ['no'], words: ['xx'] }, options);
  assert.throws(
    () => t5Codec(tokenizer, { labels: ['no', 'yes'], words: ['xx', 'no'] }, options),
    (error: InputError) => error instanceof InputError && /spells the label "no" as "xx"/.test(error.message),
  );
});

test('a segment is named before its text, unless it is all there is', () => {
  const textOf = (name: string | undefined, ...segments: { name?: string; text: string }[]) =>
    t5Codec(tokenizer, name === undefined ? {} : { name }, { maxLength: 8 }).read(segments).text;
  const [premise, hypothesis] = [
    { name: 'premise', text: 'a' },
    { name: 'hypothesis', text: 'b' },
  ];
  assert.equal(textOf('cb', premise, hypothesis), 'cb premise: a hypothesis: b');
  assert.equal(textOf('mnli', premise, hypothesis), 'mnli premise: a hypothesis b');
  assert.equal(textOf(undefined, premise), 'premise: a');
  assert.equal(textOf('cb', { text: 'as it is' }), 'as it is');
  const entities = ['x', 'y'].map(text => ({ name: 'entities', text }));
  assert.equal(
    textOf('superglue-record', { name: 'query', text: 'q' }, ...entities),
    'superglue-record record query: q entities: x, y',
  );
  assert.equal(textOf('spam', { name: 'subject', text: '' }, { name: 'body', text: 'b' }), 'spam email: b');
});

test('a model says by its own config whether it answers after a sentinel, and a setting overrules it', async () => {
  const forms = (config: unknown) =>
    [undefined, true, false].map(sentinel => codecOf(config, tokenizer, {}, { maxLength: 8, sentinel }).form.sentinel);
  const config: unknown = JSON.parse(await readFile(join(builtInModels[offeredModel]!.folder, 'config.json'), 'utf8'));
  assert.deepEqual(forms(config), [true, true, false]);
  assert.deepEqual(forms({ model_type: 't5' }), [false, true, false]);
  assert.deepEqual(forms({ answers_after_sentinel: 'often' }), [false, true, false]);
});
