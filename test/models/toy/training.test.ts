import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EncodedExample } from '../../../src/core/program.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { listSpace } from '../../../src/structure/spaces.ts';
import { adamwStep, createMoments } from '../../../src/training/steps.ts';
import { tune } from '../../../src/training/tune-program.ts';
import { fixturePath, largestDifference } from '../../witness/fixtures.ts';
import { toy } from './toy-family.ts';

const model = await loadModel(fixturePath('toy'), { threads: 1, families: { toy } });

/** The class is told by the first token. */
const examples: EncodedExample[] = Array.from({ length: 24 }, (_, i) => ({
  input: { ids: [10 + (i % 2), 20 + i, 50 + ((7 * i) % 90)] },
  output: { class: i % 2 },
}));

it('a fresh head is tuned with modules, from the same beginning to the same bits, and forgets nothing of the seed', async () => {
  const fresh = await model.answering({ kind: 'class', classes: 2 });
  const [head] = fresh.heads.filter(({ name }) => name === 'classifier.out');
  assert.equal(head!.parameters[0]!.initializer.distribution, 'normal');
  const program = await fresh.compile(listSpace(fresh.sites, 'lora'));
  const initialDelta = program.initialDelta(2);
  const before = await program.loss(examples, initialDelta);
  const options = { learningRate: 0.02, epochs: 12, batchSize: 8, evaluateEvery: 12, seed: 1 };
  const run = async () => {
    const stage = tune(
      { program, examples, initialDelta, evaluate: async delta => -(await program.loss(examples, delta)) },
      options,
    );
    for (;;) {
      const { done, value } = await stage.next();
      if (done) return value;
    }
  };
  const { delta, score } = await run();
  assert.ok(-score < 0.5 * before, `${before} before, ${-score} after`);
  assert.deepEqual((await run()).delta, delta);
  await program.release();
});

it('a head has a rate of its own: what it gets is what AdamW at that rate gives it alone', async () => {
  const program = await model.compile(listSpace(model.sites, 'lora'));
  const initialDelta = program.initialDelta(2);
  const from = program.layout.heads[0]!.parameters[0]!.offset;
  const options = { learningRate: 0.01, maxSteps: 1, epochs: 1, batchSize: 24, evaluateEvery: 1, seed: 1 };
  const stepped = async (headLearningRate?: number): Promise<Float32Array> => {
    const stage = tune(
      { program, examples, initialDelta, evaluate: async () => 0 },
      { ...options, clipNorm: 1e9, ...(headLearningRate !== undefined && { headLearningRate }) },
    );
    for (;;) {
      const { done, value } = await stage.next();
      if (done) return value.delta;
    }
  };
  const [alike, apart, head] = [await stepped(), await stepped(0.1), initialDelta.slice(from)];
  const { delta: gradient } = await program.lossAndGradients(examples, initialDelta);
  adamwStep(head, gradient.subarray(from), createMoments(head), { learningRate: 0.1, step: 1 });
  assert.deepEqual(apart.subarray(0, from), alike.subarray(0, from));
  assert.notDeepEqual(apart.subarray(from), alike.subarray(from));
  assert.ok(largestDifference(apart.subarray(from), head) < 1e-6);
  await program.release();
});

it('a T5 refuses classes, and a reader of texts to write', async () => {
  const t5 = await loadModel(fixturePath('tiny-t5'), { threads: 1 });
  assert.equal((await t5.answering({ kind: 'text' })).fingerprint, t5.fingerprint);
  await assert.rejects(t5.answering({ kind: 'class', classes: 2 }), /answers in text, not by a class/);
  await assert.rejects(model.answering({ kind: 'text' }), /writes no text/);
  await assert.rejects(loadModel(fixturePath('toy')), /model family is toy/);
});
