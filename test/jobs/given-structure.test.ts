import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jobConfig } from '../../src/config/job-config.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import type { Settings } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { listTrials } from '../../src/jobs/trials.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { writeStructure } from '../../src/structure/structure-file.ts';

const model = await loadModel(fileURLToPath(new URL('../fixtures/tiny-t5', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 's3delta-given-'));
const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };

async function given(settings: Settings) {
  const named = { model: model.folder, task: 't', ...settings };
  const resolved = resolveSettings(named, { maxLength: 64, search: stage, retrain: stage });
  const [trial] = await listTrials(model, { train: [] }, jobConfig(resolved));
  return trial!.structure;
}

test('a manual method keeps all of its modules and has no budget', async () => {
  const structure = await given({ method: 'lora' });
  assert.ok(structure.modules.length > 0);
  assert.ok(structure.modules.every(({ kept, kind, p }) => kept && kind === 'lora' && p === null));
  assert.deepEqual([structure.space, structure.budget], ['lora', null]);
});

test('a random structure is within its budget, drawn by its seed', async () => {
  const draw = async (seed: number) => (await given({ method: 'random', budget: '500', seed })).modules;
  const modules = await draw(1);
  const spent = modules.filter(({ kept }) => kept).reduce((sum, { parameters }) => sum + parameters, 0);
  assert.ok(spent > 0 && spent <= 500);
  assert.deepEqual(await draw(1), modules);
  assert.notDeepEqual(await draw(2), modules);
  await assert.rejects(given({ method: 'random', budget: '1' }), InputError);
});

test('a structure file is taken as it is; one that keeps nothing, or of another model, is refused', async () => {
  const file = join(folder, 'structure.json');
  const structure = await given({ method: 'random', budget: '500' });
  await writeStructure(file, structure);
  assert.deepEqual(await given({ structure: file }), { ...structure, source: { tasks: [], files: [file] } });

  const spent = { modules: 3, parameters: 480 };
  const budget = { parameters: 500, fraction: 0.01 };
  const result: RunResult = { task: 'rte', model: 'tiny-t5', seed: 0, budget, structure: spent, resources: {} };
  // In a run's folder it says which task it was found on; one that was carried over says so itself.
  await writeFile(join(folder, 'result.json'), JSON.stringify(result));
  assert.deepEqual((await given({ structure: file })).source, { tasks: ['rte'], files: [file] });
  const source = { tasks: ['rte', 'mrpc'], files: ['a', 'b'] };
  await writeStructure(file, { ...structure, source });
  assert.deepEqual((await given({ structure: file })).source, source);

  await writeStructure(file, { ...structure, modules: structure.modules.map(module => ({ ...module, kept: false })) });
  await assert.rejects(given({ structure: file }), /keeps no module/);

  await writeStructure(file, { ...structure, model: { ...structure.model, name: 'other', fingerprint: 'x' } });
  await assert.rejects(given({ structure: file }), /found on other/);
  const [first, ...others] = structure.modules;
  for (const wrong of [{ site: 'encoder.block.9.layer.0.SelfAttention.q' }, { kind: 'prefix' }, { parameters: 7 }]) {
    await writeStructure(file, { ...structure, modules: [{ ...first!, kept: true, ...wrong }, ...others] });
    await assert.rejects(given({ structure: file }), (error: unknown) => {
      assert.ok(error instanceof InputError && error.remedy !== undefined, String(error));
      return true;
    });
  }
});
