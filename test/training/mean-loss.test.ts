import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanLoss } from '../../src/training/step-batches.ts';
import { createToyExamples, createToyProgram } from './toy-program.ts';

const program = createToyProgram([3, 4]);
const delta = Float32Array.from({ length: 7 }, (_, i) => Math.sin(i));
const gates = Float32Array.of(0.3, 0.9);
const examples = createToyExamples(11);

test('the mean is over all terms, whatever the batches', async () => {
  const whole = await program.loss(examples, delta, gates);
  for (const batchSize of [1, 2, 4, 11, 20]) {
    const mean = await meanLoss(program, examples, { delta, gates }, { batchSize });
    assert.ok(Math.abs(mean - whole) < 1e-9, `${mean} in batches of ${batchSize}, ${whole} at once`);
  }
  assert.equal(await meanLoss(program, examples, { delta }, { batchSize: 11 }), await program.loss(examples, delta));
  assert.ok(Number.isNaN(await meanLoss(program, [], { delta }, { batchSize: 4 })));
});

test('an abort is noticed between batches', async () => {
  const controller = new AbortController();
  const stopping = {
    loss: (...args: Parameters<typeof program.loss>) => {
      controller.abort();
      return program.loss(...args);
    },
  };
  const { signal } = controller;
  await assert.rejects(meanLoss(stopping, examples, { delta }, { batchSize: 4, signal }), { name: 'AbortError' });
});
