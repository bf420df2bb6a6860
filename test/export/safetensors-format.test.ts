import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { createModule, deltaNamed } from '../../src/deltas/kinds.ts';
import { readDescription } from '../../src/export/description.ts';
import { safetensors } from '../../src/export/safetensors-format.ts';
import { HASH_KEY } from '../../src/files/content-hash.ts';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { loadInference } from '../../src/jobs/load-tuned.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { inputsOf } from '../encoded.ts';
import { assertClose, batch, freshFolder, loadTiny, logitsOf, task, trained } from './support.ts';

/** LoRA of two ranks on every linear map, those of attention over the source included, and all norms. */
function mergeable({ sites }: Model): DeltaModule[] {
  const linear = sites.filter(({ host, weightIsShared }) => host === 'linear' && !weightIsShared);
  return [
    ...linear.map((site, i) => createModule(site, 'lora', { rank: 1 + (i % 3) })),
    ...listManualModules(sites, 'lnfit'),
  ];
}

/** IA3 wherever it can be. */
const scales = ({ sites }: Model): DeltaModule[] =>
  sites.filter(deltaNamed('ia3').hosts).map(site => createModule(site, 'ia3'));

test('what the checkpoint has fused stands in one tensor again, under the same names; PEFT cannot hold parts of it', async () => {
  const of = { name: 'stars', metric: 'accuracy', labels: ['bad', 'good', 'great'] };
  const model = await (await loadTiny('tiny-modernbert')).forTask(of);
  const modules = [...mergeable(model), ...scales(model)];
  const tuned = trained(model, modules);
  const folder = freshFolder();
  await exportModel(model, tuned, { format: 'safetensors', out: folder, task: { ...task, ...of } });
  const shapes = async (of: string) => {
    const { tensors } = await readSafetensorsHeader(join(of, 'model.safetensors'));
    return Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  };
  assert.deepEqual(await shapes(folder), await shapes(model.folder));
  const merged = await (await loadModel(folder, { threads: 1 })).forTask(of);
  assert.deepEqual(merged.warnings, []);
  const texts = [
    { input: { ids: [1, 20, 30, 40, 2] }, output: { class: 0 } },
    { input: { ids: [1, 9, 2] }, output: { class: 1 } },
  ];
  const expected = await logitsOf(model, modules, tuned.delta, texts);
  const program = await merged.compile([]);
  assertClose((await program.logits(texts, program.initialDelta(0))).data, expected.data, 1e-4);
  await program.release();
  const queries = model.sites.filter(({ role }) => role === 'self-attention.query');
  const lora = queries.map(site => createModule(site, 'lora', { rank: 2 }));
  await assert.rejects(
    exportModel(model, trained(model, lora), { format: 'peft', out: freshFolder(), task: { ...task, ...of } }),
    /PEFT knows no parts of a tensor/,
  );
});

for (const name of ['tiny-t5', 'tiny-t5-v1_1', 'tiny-t5-float16', 'tiny-t5-bfloat16', 'tiny-t5-sharded']) {
  describe(`${name} exported as a checkpoint`, async () => {
    const model = await loadTiny(name);
    for (const [what, modules] of [
      ['LoRA and norms', mergeable(model)],
      ['full fine-tuning', listManualModules(model.sites, 'fine-tuning')],
      ['LoRA and IA3 on the same maps', [...mergeable(model), ...scales(model)]],
    ] as const) {
      test(`is, after ${what}, the tuned model without any module`, async () => {
        const tuned = trained(model, modules);
        const folder = freshFolder();
        await exportModel(model, tuned, { format: 'safetensors', out: folder, task });
        const merged = await loadModel(folder, { threads: 1 });
        assert.equal(merged.parameters, model.parameters);
        assert.notEqual(merged.fingerprint, model.fingerprint);
        const expected = await logitsOf(model, modules, tuned.delta);
        const { data } = await logitsOf(merged, [], new Float32Array(0));
        assertClose(data, expected.data, 1e-4);
      });
    }

    test('is what Hugging Face saves: names, float32, its mark', async () => {
      const folder = freshFolder();
      await exportModel(model, trained(model, []), { format: 'safetensors', out: folder, task });
      const { tensors, metadata } = await readSafetensorsHeader(join(folder, 'model.safetensors'));
      const { [HASH_KEY]: hash, ...known } = metadata;
      assert.deepEqual(known, { format: 'pt' });
      assert.match(hash!, /^[0-9a-f]{64}$/);
      assert.deepEqual([...tensors.keys()].sort(), [...model.weights.values()].map(each => each.name).sort());
      assert.ok([...tensors.values()].every(({ dtype }) => dtype === 'F32'));
      const config = readFileSync(join(folder, 'config.json'), 'utf8');
      const { dtype, torch_dtype: older } = JSON.parse(config) as Record<string, unknown>;
      assert.equal(dtype ?? older, 'float32');
      // Hugging Face's loader refuses 1 where 1.0 belongs.
      const before = readFileSync(join(model.folder, 'config.json'), 'utf8');
      for (const [line] of before.matchAll(/^ .*\d\.0,?$/gm)) assert.ok(config.includes(line), line);
    });
  });
}

test('what no weight can hold is refused by kind and place', async () => {
  const model = await loadTiny('tiny-t5');
  const head = model.sites.find(site => site.name === 'lm_head')!;
  for (const [modules, message] of [
    [
      listSpace(model.sites, 'mixed'),
      /cannot hold bitfit at encoder\.\S+ and \d+ more sites; low-rank-adapter at encoder\.\S+/,
    ],
    // The tied output projection is the embedding, which would change with it.
    [[createModule(head, 'lora')], /cannot hold lora at lm_head$/],
  ] as const) {
    const options = { format: 'safetensors', out: freshFolder(), task } as const;
    await assert.rejects(exportModel(model, trained(model, modules), options), (error: InputError) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.match(error.remedy!, /--format onnx/);
      return true;
    });
  }
});

test('it is opened as the model it is', async () => {
  const model = await loadTiny('tiny-t5-v1_1');
  const modules = mergeable(model);
  const tuned = trained(model, modules);
  const folder = freshFolder();
  await exportModel(model, tuned, { format: 'safetensors', out: folder, task });
  const opened = await safetensors.open!(folder, await readDescription(folder), { threads: 1 });
  const program = await model.compile(modules);
  const inputs = inputsOf(batch);
  const options = { maxTokens: 5 };
  assert.deepEqual(
    await opened.generate!(inputs, new Float32Array(0), undefined, options),
    await program.generate!(inputs, tuned.delta, undefined, options),
  );
  await Promise.all([opened.release(), program.release()]);
});

test('one that was damaged after its export is refused by file, as a model and as an export', async () => {
  const model = await loadTiny('tiny-t5');
  const folder = freshFolder();
  await exportModel(model, trained(model, []), { format: 'safetensors', out: folder, task });
  await loadModel(folder);
  const file = join(folder, 'model.safetensors');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1000]! ^= 1;
  writeFileSync(file, bytes);
  const isTold = (error: Error) =>
    error instanceof InputError &&
    error.where === file &&
    /not (?:those that were|what was) written/.test(error.message);
  await assert.rejects(loadModel(folder), isTold);
  await assert.rejects(loadInference(folder, {}), isTold);
});
