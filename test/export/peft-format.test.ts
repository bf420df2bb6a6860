import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { freshFolder, loadTiny, task, trained } from './support.ts';

const model = await loadTiny('tiny-t5-v1_1');
const site = (name: string) => model.sites.find(each => each.name === name)!;
const query = 'encoder.block.0.layer.0.SelfAttention.q';
const output = 'decoder.block.1.layer.2.DenseReluDense.wo';

async function adapter(modules: readonly DeltaModule[]) {
  const tuned = trained(model, modules);
  const folder = freshFolder();
  await exportModel(model, tuned, { format: 'peft', out: folder, task, settings: {} });
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  return { config, delta: tuned.delta, ...(await readSafetensors(join(folder, 'adapter_model.safetensors'))) };
}

test('LoRA has the names, the shapes and the settings of PEFT', async () => {
  const modules = [
    createModule(site(query), 'lora', { rank: 2, alpha: 16 }),
    createModule(site(output), 'lora', { rank: 4, alpha: 8 }),
  ];
  const { config, delta, metadata, tensors } = await adapter(modules);
  assert.deepEqual(metadata, { format: 'pt' });
  assert.deepEqual(
    Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])),
    Object.fromEntries(
      modules.flatMap(({ site: { name, inFeatures, outFeatures }, options: { rank } }) => [
        [`base_model.model.${name}.lora_A.weight`, [rank, inFeatures]],
        [`base_model.model.${name}.lora_B.weight`, [outFeatures, rank]],
      ]),
    ),
  );
  const [{ parameters }] = layoutOf(modules).modules as [ReturnType<typeof layoutOf>['modules'][number]];
  const [{ offset, size }] = parameters as [(typeof parameters)[number]];
  assert.deepEqual(tensors.get(`base_model.model.${query}.lora_A.weight`)!.data, delta.slice(offset, offset + size));
  assert.deepEqual(config, {
    base_model_name_or_path: 'tiny-t5-v1_1',
    peft_type: 'LORA',
    task_type: 'SEQ_2_SEQ_LM',
    inference_mode: true,
    r: 2,
    lora_alpha: 16,
    rank_pattern: { [output]: 4 },
    alpha_pattern: { [output]: 8 },
    target_modules: [query, output],
    modules_to_save: null,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
  });
});

test('norms are saved whole, with what was trained in them', async () => {
  const { config, delta, tensors } = await adapter(listManualModules(model.sites, 'lnfit'));
  assert.equal(config.target_modules, 'dummy-target-modules');
  const [first] = config.modules_to_save as string[];
  const { data } = tensors.get(`base_model.model.${first}.weight`)!;
  assert.equal(tensors.size, (config.modules_to_save as string[]).length);
  const { file, offset, byteLength } = model.weights.get(first!)!;
  const bytes = Uint8Array.from(readFileSync(file).subarray(offset, offset + byteLength));
  const weight = new Float32Array(bytes.buffer);
  assert.deepEqual(
    data,
    weight.map((value, i) => value + delta[i]!),
  );
});

test('what PEFT cannot hold is refused by kind and place', async () => {
  for (const [modules, message] of [
    [listSpace(model.sites, 'mixed'), /cannot hold bitfit at .*; low-rank-adapter at /],
    [listManualModules(model.sites, 'fine-tuning'), /cannot hold fine-tuning at /],
  ] as const) {
    await assert.rejects(adapter(modules), (error: InputError) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.match(error.remedy!, /--format onnx/);
      return true;
    });
  }
});
