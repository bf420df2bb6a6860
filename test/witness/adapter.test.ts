import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeltaModule } from '../../src/core/site.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { readWeight } from '../../src/models/read-weight.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { assertClose, freshFolder, loadTiny, logitsOf, task } from '../export/support.ts';
import { type Batch, examplesOf, fixturePath, numbersOf, readDocument, readNumbers } from './fixtures.ts';

// Adapters that PEFT has made, saved and run: LoRA of several ranks and scales, IA3, and norms that either saves whole.

interface AdapterConfig extends Readonly<Record<string, unknown>> {
  readonly target_modules: readonly string[];
  readonly modules_to_save: readonly string[];
}

interface LoraConfig extends AdapterConfig {
  readonly r: number;
  readonly lora_alpha: number;
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
}

const model = await loadTiny('tiny-t5-v1_1');
const readConfig = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8')) as AdapterConfig;
const readTensors = async (folder: string) =>
  (await readSafetensors(join(folder, 'adapter_model.safetensors'))).tensors;
const site = (name: string) => model.sites.find(each => each.name === name)!;

/** Our modules at the hosts of an adapter. */
const adapted: Readonly<Record<string, (config: AdapterConfig) => DeltaModule[]>> = {
  'tiny-t5-v1_1.adapter': config => {
    const { r, lora_alpha, rank_pattern, alpha_pattern, target_modules } = config as LoraConfig;
    // The one without a pattern of its own first: ours takes the first one's rank and scale for all.
    return target_modules
      .toReversed()
      .map(name =>
        createModule(site(name), 'lora', { rank: rank_pattern[name] ?? r, alpha: alpha_pattern[name] ?? lora_alpha }),
      );
  },
  'tiny-t5-v1_1.ia3-adapter': ({ target_modules }) => target_modules.map(name => createModule(site(name), 'ia3')),
};

for (const [fixture, modulesOf] of Object.entries(adapted)) {
  const config = readConfig(fixturePath(fixture));
  const tensors = await readTensors(fixturePath(fixture));
  const tensor = (name: string) => Float32Array.from(tensors.get(`base_model.model.${name}`)!.data);

  /** The same modules as ours, with their parameters taken from PEFT's tensors. */
  async function asOurs() {
    const modules = [...modulesOf(config), ...config.modules_to_save.map(name => createModule(site(name), 'lnfit'))];
    const layout = layoutOf(modules);
    const delta = new Float32Array(layout.size);
    for (const { module, parameters } of layout.modules) {
      const { name } = module.site;
      const before = module.kind === 'lnfit' ? await readWeight(model.weights.get(name)!) : new Float32Array(0);
      const values = {
        A: () => tensor(`${name}.lora_A.weight`),
        B: () => tensor(`${name}.lora_B.weight`),
        l: () => tensor(`${name}.ia3_l`).map(value => value - 1),
        scale: () => tensor(`${name}.weight`).map((value, i) => value - before[i]!),
      } as const;
      for (const parameter of parameters) {
        delta.set(values[parameter.name as keyof typeof values](), parameter.offset);
      }
    }
    return { modules, delta };
  }

  test(`the modules of ${fixture} give the logits of PEFT`, async () => {
    const { modules, delta } = await asOurs();
    const { batch } = await readDocument<{ batch: Batch }>(fixture);
    const { data, shape } = await logitsOf(model, modules, delta, examplesOf(batch));
    const [, length, vocabulary] = shape as [number, number, number];
    const real = batch.flatMap(({ target }, row) =>
      Array.from(data.subarray(row * length * vocabulary, (row * length + target.length) * vocabulary)),
    );
    assertClose(real, numbersOf(await readNumbers(`${fixture}.logits`), 'logits'), 1e-4);
  });

  test(`the modules of ${fixture}, exported, are what PEFT has saved`, async () => {
    const { modules, delta } = await asOurs();
    const kept = modules.map(() => true);
    const structure = createStructure(model, { space: 'test', budget: null }, modules, { kept });
    const folder = freshFolder();
    await exportModel(model, { structure, delta }, { format: 'peft', out: folder, task });
    const exported = await readTensors(folder);
    assert.deepEqual([...exported.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, { data, shape }] of tensors) {
      assert.deepEqual(exported.get(name)!.shape, shape, name);
      assertClose(exported.get(name)!.data, data, 1e-6);
    }
    const ours = readConfig(folder);
    const sorted = { ...ours, target_modules: ours.target_modules.toSorted() };
    for (const [key, value] of Object.entries(sorted)) assert.deepEqual(value, config[key], key);
  });
}
