import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { type Generator, outputLength } from '../../src/core/program.ts';
import { answerEach, answerer, predict, predictEach } from '../../src/library/predict.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { manualStructure } from '../../src/library/structures.ts';
import { type TunedStructure, tune } from '../../src/library/tune.ts';
import { encodeExamples } from '../../src/models/codec.ts';
import type { Model } from '../../src/models/model.ts';
import { keptModules } from '../../src/structure/structure-file.ts';
import type { SegmentsOfRow } from '../../src/tasks/row-form.ts';
import { encodeFilms, remarks, tiny } from './films.ts';

const settings = { seed: 3, lr: 0.02, 'max-steps': 30, 'retrain-epochs': 20 };
const tuned = await runToEnd(tune(tiny, manualStructure(tiny, 'lora'), await encodeFilms(settings), settings));
const task = { labels: ['pan', 'praise'] };
const codec = tiny.codec(task, { maxLength: 512 });
const texts = remarks(23).map(({ input }, i) => `${input[0]!.text}${' again'.repeat(i % 4)}`);

test('free text is generated as far as the task says, and a sentinel before it', async () => {
  const asked: number[] = [];
  const generate: Generator['generate'] = async (inputs, _delta, _gates, { maxTokens }) => {
    asked.push(maxTokens);
    return inputs.map(() => [5]);
  };
  const program = { generate, choose: async () => [], release: async () => {} };
  for (const sentinel of [false, true]) {
    for (const task of [{}, { labels: undefined, maxTargetLength: 40 }]) {
      const codec = tiny.codec(task, { maxLength: 512, sentinel });
      for await (const { answer } of answerEach({ program, delta: tuned.delta, codec }, ['a'], {})) {
        assert.equal(answer, tiny.tokenizer.decode([5]));
      }
    }
  }
  assert.deepEqual(asked, [16, 40, 17, 41]);
});

test("a text is read in the form of the task's rows, and refused where they have several fields", async () => {
  const segments: SegmentsOfRow = field => [{ text: `film: ${field('text')}` }];
  const [bare] = await predict(tiny, tuned, ['film: a'], { task });
  const [read] = await predict(tiny, tuned, ['a'], { task: { ...task, segments } });
  assert.deepEqual([read!.source, read!.probabilities], [bare!.source, bare!.probabilities]);
  const two: SegmentsOfRow = field => [{ text: `${field('text')} ${field('year')}` }];
  await assert.rejects(predict(tiny, tuned, ['a'], { task: { ...task, segments: two } }), { code: 'fields-needed' });
});

test('labels without finite probabilities are no answers', async () => {
  const program = { choose: async () => [Float64Array.of(Number.NaN, -1)] };
  const answer = answerer(program, tuned.delta, codec);
  await assert.rejects(answer([{ input: { ids: [5, 1] } }]), (error: InputError) => {
    return error instanceof InputError && /no finite probabilities/.test(error.message);
  });
});

test('the probability of a label is its share of the labels, by log p of their whole texts', async () => {
  const predictions = await predict(tiny, tuned, texts, { task, batchSize: 4 });
  const program = await tiny.compile(keptModules(tuned.structure, tiny));
  for (const [i, { answer, label, probability, probabilities, seconds }] of predictions.entries()) {
    const likelihoods = await Promise.all(
      task.labels.map(async (_, number) => {
        const [example] = encodeExamples(codec, [{ input: [{ text: texts[i]! }], output: { class: number } }]);
        const { loss } = await program.lossAndGradients([example!], tuned.delta);
        return Math.exp(-loss * outputLength(example!.output));
      }),
    );
    const shares = likelihoods.map(likelihood => likelihood / (likelihoods[0]! + likelihoods[1]!));
    assert.ok(Math.abs(probabilities!.pan! - shares[0]!) < 1e-4, `${probabilities!.pan} against ${shares[0]}`);
    assert.ok(Math.abs(probabilities!.pan! + probabilities!.praise! - 1) < 1e-12);
    assert.equal(answer, shares[0]! > shares[1]! ? '0' : '1');
    assert.equal(label, task.labels[Number(answer)]);
    assert.equal(probability, Math.max(...Object.values(probabilities!)));
    assert.ok(seconds > 0);
  }
  await program.release();
});

test('answers come in the order of the texts, whatever the batches', async () => {
  const whole = await predict(tiny, tuned, texts, { task, batchSize: 100 });
  const pieces = await predict(tiny, tuned, texts, { task, batchSize: 2 });
  assert.equal(pieces.length, texts.length);
  for (const [i, { probabilities }] of pieces.entries()) {
    assert.ok(Math.abs(probabilities!.pan! - whole[i]!.probabilities!.pan!) < 1e-5);
  }
});

test('without labels the answer is generated, and has no probability', async () => {
  const [prediction] = await predict(tiny, tuned, texts.slice(0, 1), { task: { labels: undefined } });
  assert.deepEqual(Object.keys(prediction!).sort(), ['answer', 'seconds', 'source']);
});

test('a stream is read no further ahead than a few batches, and memory is given back when it is left', async () => {
  let read = 0;
  let released = 0;
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield texts[read++ % texts.length]!;
    } finally {
      closed = true;
    }
  }
  const model: Model = {
    ...tiny,
    async compile(modules) {
      const program = await tiny.compile(modules);
      return { ...program, release: () => program.release().then(() => void released++) };
    },
  };
  let answered = 0;
  for await (const _ of predictEach(model, tuned, endless(), { task, batchSize: 2 })) {
    answered += 1;
    assert.ok(read - answered <= 2 * 16 + 2, `${read} read, ${answered} answered`);
    if (answered === 100) break;
  }
  assert.equal(released, 1);
  assert.ok(closed);
});

test('an abort interrupts, a text that fails is heard, and a label that cannot be spelled is refused', async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(predictEach(tiny, tuned, texts, { signal }).next(), InterruptedError);
  async function* failing() {
    yield* texts.slice(0, 20);
    throw new InputError('line 21 is wrong', { code: 'unreadable-rows' });
  }
  const told: unknown[] = [];
  await assert.rejects(async () => {
    for await (const prediction of predictEach(tiny, tuned, failing(), { task, batchSize: 1 })) told.push(prediction);
  }, /line 21 is wrong/);
  assert.ok(told.length >= 16, `${told.length} answered before`);
  const unspelled = { task: { labels: ['a', 'b'], words: ['0', '\u{1F600}'] } };
  await assert.rejects(predict(tiny, tuned, texts, unspelled), InputError);
  const foreign: TunedStructure = {
    ...tuned,
    structure: { ...tuned.structure, model: { ...tuned.structure.model, fingerprint: 'x' } },
  };
  await assert.rejects(predict(tiny, foreign, texts), InputError);
});
