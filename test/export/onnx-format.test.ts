import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { InputError } from '../../src/core/errors.ts';
import { readDescription } from '../../src/export/description.ts';
import { onnx } from '../../src/export/onnx-format.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { inputsOf } from '../encoded.ts';
import { assertClose, batch, freshFolder, loadTiny, logitsOf, task, trained } from './support.ts';

/** What anyone writes who has ONNX Runtime and the folder, and nothing else. */
async function openPlainly(folder: string) {
  const encoder = await InferenceSession.create(join(folder, 'onnx', 'encoder_model.onnx'));
  const decoder = await InferenceSession.create(join(folder, 'onnx', 'decoder_model_merged.onnx'));
  const ids = (rows: readonly (readonly number[])[], length: number, padding: number) =>
    new Tensor('int64', BigInt64Array.from(rows.flatMap(row => padded(row, length, padding)).map(BigInt)), [
      rows.length,
      length,
    ]);
  const padded = (row: readonly number[], length: number, padding: number) => [
    ...row,
    ...new Array<number>(length - row.length).fill(padding),
  ];
  return async (sources: readonly (readonly number[])[], read: readonly (readonly number[])[]) => {
    const longest = Math.max(...sources.map(row => row.length));
    const mask = ids(
      sources.map(row => row.map(() => 1)),
      longest,
      0,
    );
    const { last_hidden_state: states } = await encoder.run({
      input_ids: ids(sources, longest, 0),
      attention_mask: mask,
    });
    // Optimum feeds something where nothing is remembered: it must not be read.
    const past = decoder.inputMetadata.flatMap(meta => {
      if (!meta.isTensor || !meta.name.startsWith('past_key_values')) return [];
      const [, heads, , width] = meta.shape;
      // Where its width is a name, any will do.
      const dims = [sources.length, heads as number, 1, typeof width === 'number' ? width : 5];
      const noise = new Float32Array(dims.reduce((a, b) => a * b)).fill(7);
      return [[meta.name, new Tensor('float32', noise, dims)] as const];
    });
    const { logits } = await decoder.run({
      ...Object.fromEntries(past),
      use_cache_branch: new Tensor('bool', [false], [1]),
      input_ids: ids(read, Math.max(...read.map(row => row.length)), 0),
      encoder_hidden_states: states!,
      encoder_attention_mask: mask,
    });
    return logits!;
  };
}

for (const name of [
  'tiny-t5',
  'tiny-t5-v1_1',
  'tiny-t5-float16',
  'tiny-t5-bfloat16',
  'tiny-t5-sharded',
  'tiny-mt5',
  'tiny-umt5',
]) {
  describe(`${name} exported as ONNX`, async () => {
    const model = await loadTiny(name);
    const modules = [...listSpace(model.sites, 'wide'), ...listManualModules(model.sites, 'adapter')];
    const tuned = trained(model, modules);
    const folder = freshFolder();
    const outcome = await exportModel(model, tuned, { format: 'onnx', out: folder, task });

    test('gives the same logits in plain ONNX Runtime, padded differently', async () => {
      const run = await openPlainly(folder);
      const logits = await run(
        batch.map(({ input }) => input.ids),
        batch.map(({ output }) => [0, ...output.ids.slice(0, -1)]),
      );
      const expected = await logitsOf(model, modules, tuned.delta);
      assert.deepEqual(logits.dims, expected.shape);
      assertClose(logits.data as Float32Array, expected.data, 1e-4);
    });

    test('generates the same answers, and ranks the same', async () => {
      const exported = await onnx.open!(folder, await readDescription(folder), { threads: 1 });
      const program = await model.compile(modules);
      const inputs = inputsOf(batch);
      const none = new Float32Array(0);
      const options = { maxTokens: 6 };
      assert.deepEqual(
        await exported.generate!(inputs, none, undefined, options),
        await program.generate!(inputs, tuned.delta, undefined, options),
      );
      // Answers that begin alike are read together as far as they do: none, some, one all of another.
      for (const ids of [
        [[8, 1], [9, 30, 1], [1]],
        [
          [7, 8, 1],
          [7, 9, 30, 1],
          [7, 9, 1],
        ],
        [
          [7, 8, 9, 1],
          [7, 8],
        ],
        [[5, 6, 1]],
      ]) {
        const outputs = ids.map(each => ({ ids: each }));
        const expected = await program.choose(inputs, outputs, tuned.delta);
        const ranked = await exported.choose(inputs, outputs, none);
        for (const [row, scores] of ranked.entries()) assertClose(scores, expected[row]!, 1e-3);
      }
      assert.deepEqual(await exported.generate!([], none, undefined, options), []);
      assert.deepEqual(await exported.choose([], [{ ids: [8, 1] }], none), []);
      await Promise.all([exported.release(), program.release()]);
    });

    test('holds all it needs and says what it is', async () => {
      const listed = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name !== 'onnx');
      assert.deepEqual(outcome.files, listed.sort());
      for (const file of ['onnx/encoder_model.onnx_data', 'config.json', 'tokenizer.json', 's3delta.json']) {
        assert.ok(existsSync(join(folder, file)), file);
      }
      assert.ok(!existsSync(join(folder, 'model.safetensors')));
      const description = await readDescription(folder);
      assert.equal(description.task.template, 'film: {text}');
      assert.deepEqual(description.task.labels, [
        { answer: '0', name: 'bad' },
        { answer: '1', name: 'good' },
      ]);
      assert.equal(description.trained.modules, modules.length);
      const { encoder_model: encoder } = description.onnx!.graphs as Record<string, { inputs?: unknown }>;
      assert.deepEqual(encoder!.inputs, [
        { name: 'input_ids', type: 'int64', shape: ['batch', 'source'] },
        { name: 'attention_mask', type: 'int64', shape: ['batch', 'source'] },
      ]);
      assert.equal(description.onnx!.opset, 20);
    });
  });
}

test('full fine-tuning is merged into the weights: the graphs stay small', async () => {
  const model = await loadTiny('tiny-t5-v1_1');
  const modules = listManualModules(model.sites, 'fine-tuning');
  const tuned = trained(model, modules);
  const folder = freshFolder();
  await exportModel(model, tuned, { format: 'onnx', out: folder, task });
  const run = await openPlainly(folder);
  const logits = await run(
    batch.map(({ input }) => input.ids),
    batch.map(({ output }) => [0, ...output.ids.slice(0, -1)]),
  );
  const expected = await logitsOf(model, modules, tuned.delta);
  assertClose(logits.data as Float32Array, expected.data, 1e-4);
  assert.ok(readFileSync(join(folder, 'onnx', 'encoder_model.onnx')).length < 60_000);
});

test('a folder that lacks a part, or whose description is damaged, is refused', async () => {
  const model = await loadTiny('tiny-t5');
  const folder = freshFolder();
  await exportModel(model, trained(model, listSpace(model.sites, 'lora')), { format: 'onnx', out: folder, task });
  const description = await readDescription(folder);
  rmSync(join(folder, 'onnx', 'encoder_model.onnx_data'));
  await assert.rejects(onnx.open!(folder, description, {}), InputError);
  const { onnx: _, ...without } = description;
  await assert.rejects(onnx.open!(folder, without, {}), /names no graphs/);
});

test('a bit changed in a graph or in the weights is found by file; one without hashes is opened as it is', async () => {
  const model = await loadTiny('tiny-t5');
  const folder = freshFolder();
  await exportModel(model, trained(model, listSpace(model.sites, 'lora')), { format: 'onnx', out: folder, task });
  const description = await readDescription(folder);
  const names = ['encoder_model', 'decoder_model_merged'].flatMap(name => [`${name}.onnx`, `${name}.onnx_data`]);
  assert.deepEqual(Object.keys(description.onnx!.sha256), names);
  for (const name of names) {
    await (await onnx.open!(folder, description, {})).release();
    const file = join(folder, 'onnx', name);
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed[changed.length - 50]! ^= 1;
    writeFileSync(file, changed);
    await assert.rejects(
      onnx.open!(folder, description, {}),
      (error: Error) =>
        error instanceof InputError && error.where === file && /export the run again/.test(error.remedy!),
    );
    writeFileSync(file, bytes);
  }
  await (await onnx.open!(folder, { ...description, onnx: { ...description.onnx!, sha256: {} } }, {})).release();
});
