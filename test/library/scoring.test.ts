import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answering, Generator } from '../../src/core/program.ts';
import { answerSplit, type Scoring, scoreSplit, scoreSplitInDetail } from '../../src/library/scoring.ts';
import { example } from '../encoded.ts';

/** Answers with the length of the source, and records the batches it was asked for. */
function lengthTeller() {
  const asked: { sizes: number[]; gates: Float32Array | undefined; maxTokens: number }[] = [];
  const generator: Answering & Generator = {
    choose: async () => [],
    async generate(inputs, _delta, gates, { maxTokens }) {
      asked.push({ sizes: inputs.map(({ ids }) => ids.length), gates, maxTokens });
      return inputs.map(({ ids }) => [ids.length]);
    },
  };
  return { generator, asked };
}

const scoring: Scoring = {
  codec: { writing: { maxTokens: 4, decode: ids => ids.join(' ') } },
  answers: 'generate',
  score: (predictions, targets) =>
    (100 * predictions.filter((prediction, index) => prediction === targets[index]).length) / targets.length,
  batchSize: 2,
};
const trained = { delta: new Float32Array(1) };
const split = {
  examples: [5, 1, 4, 2, 3].map(length => example(new Array<number>(length).fill(7), [1])),
  targets: ['5', '1', '4', '2', 'wrong'],
};

test('answers come back in the order of the examples, though batches are sorted by length', async () => {
  const { generator, asked } = lengthTeller();
  assert.equal(await scoreSplit(generator, split, scoring, trained), 80);
  assert.deepEqual(
    asked.map(({ sizes }) => sizes),
    [[1, 2], [3, 4], [5]],
  );
  assert.ok(asked.every(({ maxTokens, gates }) => maxTokens === 4 && gates === undefined));
});

test('texts come without a split too, and nothing asked is nothing answered', async () => {
  const { generator, asked } = lengthTeller();
  const examples = [example([7, 7, 7], [1]), example([7], [1])];
  assert.deepEqual(await answerSplit(generator, { examples }, scoring, trained), ['3', '1']);
  assert.deepEqual(await answerSplit(generator, { examples: [] }, scoring, trained), []);
  assert.equal(asked.length, 1);
});

test('gates are handed on', async () => {
  const { generator, asked } = lengthTeller();
  const gates = Float32Array.of(0.5);
  await scoreSplit(generator, split, scoring, { ...trained, gates });
  assert.ok(asked.every(each => each.gates === gates));
});

test('an abort is noticed between batches', async () => {
  const controller = new AbortController();
  const { generator, asked } = lengthTeller();
  const stopping: Answering = {
    choose: async () => [],
    generate(...parameters) {
      controller.abort();
      return generator.generate(...parameters);
    },
  };
  await assert.rejects(scoreSplit(stopping, split, scoring, trained, controller.signal));
  assert.equal(asked.length, 1);
});

test('the detailed score is of the same answers', async () => {
  const details = (predictions: readonly string[]) => ({ answers: predictions.length });
  const { generator, asked } = lengthTeller();
  const found = await scoreSplitInDetail(generator, split, { ...scoring, details }, trained);
  assert.deepEqual(found, { score: 80, details: { answers: 5 } });
  assert.equal(asked.length, 3);
  assert.deepEqual((await scoreSplitInDetail(generator, split, scoring, trained)).details, {});
});

/** Scores class i by how near it is to the length of the input. */
const chooser: Answering = {
  choose: async (inputs, outputs) =>
    inputs.map(({ ids }) =>
      Float64Array.from(outputs, output => ('class' in output ? -Math.abs(output.class - ids.length) : ids.length / 4)),
    ),
};

test('chosen answers are the likeliest labels, one for each class, in the order of the examples', async () => {
  const labels = ['zero', 'one', 'two', 'three'].map(name => ({ name, word: name.toUpperCase() }));
  const codec = { choice: { labels, outputs: labels.map((_, i) => ({ class: i })) } };
  const choosing = { ...scoring, codec, answers: 'choose' as const };
  assert.deepEqual(await answerSplit(chooser, split, choosing, trained), ['THREE', 'ONE', 'THREE', 'TWO', 'THREE']);
});

test('an example that gives its own choices is answered with one of them', async () => {
  const codec = { choice: { outputs: [] } };
  const choosing = { ...scoring, codec, answers: 'choose' as const };
  const examples = [
    { ...example([7, 7], [1]), choices: ['a', 'b', 'c'] },
    { ...example([7], [1]), choices: ['d', 'e'] },
  ];
  assert.deepEqual(await answerSplit(chooser, { examples }, choosing, trained), ['c', 'e']);
});

test('a number is its own answer', async () => {
  const codec = { choice: { outputs: [{ value: 0 }] } };
  const choosing = { ...scoring, codec, answers: 'choose' as const };
  assert.deepEqual(await answerSplit(chooser, split, choosing, trained), ['1.25', '0.25', '1', '0.5', '0.75']);
});

test('what a program or a codec cannot do is not asked of it', async () => {
  await assert.rejects(answerSplit(chooser, split, scoring, trained), /writes no text/);
  await assert.rejects(answerSplit(chooser, split, { ...scoring, answers: 'choose' }, trained), /nothing to choose/);
});
