import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readSafetensors } from '../../../src/files/safetensors-arrays.ts';
import { parseBertConfig } from '../../../src/models/bert/bert.ts';
import { loadModel, sketchModel } from '../../../src/models/load-model.ts';
import { fixturePath, largestDifference, numbersOf, readDocument, readNumbers } from '../../witness/fixtures.ts';
import { conformance } from '../conformance.ts';

const options = { threads: 1 };

conformance({ folder: fixturePath('tiny-bert'), outputs: 'tiny-bert.outputs', layers: 'num_hidden_layers' });

interface Rows {
  readonly batches: readonly (readonly { source: number[]; types: number[]; class: number }[])[];
  readonly parameters: number;
}

it('an early checkpoint is read: other names, bfloat16, no pooler; its new heads are the pooler and the classifier', async () => {
  const model = await loadModel(fixturePath('tiny-bert-old'), options);
  const { batches, parameters } = await readDocument<Rows>('tiny-bert.outputs');
  assert.equal(model.parameters, parameters - 32 * 32 - 32);
  const three = await model.answering({ kind: 'class', classes: 3 });
  assert.deepEqual(
    three.heads.map(({ name }) => name),
    ['bert.pooler.dense', 'classifier'],
  );
  const program = await three.compile([]);
  const delta = program.initialDelta(0);
  // With the numbers of the whole checkpoint's pooler and classifier it is that one.
  const { tensors } = await readSafetensors(`${fixturePath('tiny-bert')}/model.safetensors`);
  for (const { name: head, parameters } of program.layout.heads) {
    for (const { name, offset } of parameters)
      delta.set(Float32Array.from(tensors.get(`${head}.${name}`)!.data), offset);
  }
  const batch = batches[0]!.map(row => ({
    input: { ids: row.source, types: row.types },
    output: { class: row.class },
  }));
  const expected = numbersOf(await readNumbers('tiny-bert.outputs'), 'logits.0');
  const { data, shape } = await program.logits(batch, delta);
  assert.deepEqual(shape, [3, 3]);
  const difference = largestDifference(data, expected);
  assert.ok(difference < 1e-4, `${difference}`);
  await program.release();
});

it('a trained head is taken over where it says as many classes, and begins fresh where it does not', async () => {
  const model = await loadModel(fixturePath('tiny-bert'), options);
  const initializers = async (classes: number) =>
    (await model.answering({ kind: 'class', classes })).heads[0]!.parameters.map(each => each.initializer.distribution);
  assert.deepEqual(await initializers(3), ['given', 'given']);
  assert.deepEqual(await initializers(4), ['normal', 'zeros']);
});

it('what would compute something else is refused', async () => {
  const model = await loadModel(fixturePath('tiny-bert'), options);
  await assert.rejects(model.answering({ kind: 'text' }), /writes no text/);
  const program = await model.compile([]);
  const long = { input: { ids: new Array<number>(65).fill(7) }, output: { class: 0 } };
  await assert.rejects(program.loss([long], program.initialDelta(0)), /65 tokens, and 64 positions/);
  await program.release();
  const config = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2 };
  const whole = { ...config, intermediate_size: 8, max_position_embeddings: 8 };
  assert.equal(parseBertConfig(whole, 'config.json').epsilon, 1e-12);
  for (const [change, message] of [
    [{ num_attention_heads: 3 }, /num_attention_heads: 3 do not divide/],
    [{ hidden_act: 'mish' }, /hidden_act/],
    [{ position_embedding_type: 'relative_key' }, /position_embedding_type/],
    [{ is_decoder: true }, /is_decoder/],
    [{ pad_token_id: 9 }, /outside the vocabulary/],
  ] as const) {
    assert.throws(() => parseBertConfig({ ...whole, ...change }, 'config.json'), message);
  }
});

it('a width of 32 is given the largest rate that was measured, and its sketch the same', async () => {
  const [model, sketch] = [
    await loadModel(fixturePath('tiny-bert'), { threads: 1 }),
    await sketchModel(fixturePath('tiny-bert')),
  ];
  assert.deepEqual([model.learningRate, sketch.learningRate], [2.5e-3, 2.5e-3]);
});
