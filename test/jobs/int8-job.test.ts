import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfigFile } from '../../src/config/config-file.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readSafetensorsHeader } from '../../src/files/safetensors.ts';
import { runEvaluateJob } from '../../src/jobs/evaluate-job.ts';
import { runExportJob } from '../../src/jobs/export-job.ts';
import { runPlanJob } from '../../src/jobs/plan-job.ts';
import { runSearchJob, runTrainJob } from '../../src/jobs/run-job.ts';
import { hasExactInt8Products } from '../../src/runtime/probe-device.ts';
import { tinyModel, workspace } from '../cli/support.ts';

const space = workspace();
process.env.S3DELTA_CACHE = mkdtempSync(join(tmpdir(), 's3delta-int8-'));
const skip = (await hasExactInt8Products()) ? false : 'this processor has no exact products of 8-bit integers';
const settings: Settings = { model: tinyModel, task: space.task, precision: 'int8', lr: 0.01, 'max-steps': 4 };

test('a run is searched, trained and evaluated in one precision, which its config tells', { skip }, async () => {
  const out = join(space.folder, 'search');
  const { result } = await runSearchJob({ ...settings, budget: '500', order: 'first' }, { out });
  assert.equal(readConfigFile(join(out, 'config.yaml')).precision, 'int8');
  const { score } = await runEvaluateJob(out, 'test', {});
  assert.equal(score, result.score!.test);
});

test('an export of it holds the weights of the checkpoint', { skip }, async () => {
  const out = join(space.folder, 'lora');
  await runTrainJob({ ...settings, method: 'lora' }, { out });
  const folder = join(out, 'exported');
  await runExportJob(out, { format: 'safetensors', out: folder });
  const { tensors } = await readSafetensorsHeader(join(folder, 'model.safetensors'));
  assert.ok([...tensors.values()].every(({ dtype }) => dtype === 'F32'));
  const read = async (file: string, site: string) => {
    const { offset, byteLength } = (await readSafetensorsHeader(file)).tensors.get(`${site}.weight`)!;
    return readFileSync(file).subarray(offset, offset + byteLength);
  };
  const frozen = 'encoder.block.1.layer.1.DenseReluDense.wi';
  const own = await read(join(tinyModel, 'model.safetensors'), frozen);
  assert.ok(own.equals(await read(join(folder, 'model.safetensors'), frozen)));
});

test('a plan of it counts fewer bytes of weights, and no other operations', { skip }, async () => {
  const job = { ...settings, budget: '500' };
  const [exact, rounded] = [
    await runPlanJob({ ...job, precision: 'float32' }, { timing: false }),
    await runPlanJob(job, { timing: false }),
  ];
  assert.ok(rounded.stages[0]!.trainingBytes < exact.stages[0]!.trainingBytes);
  assert.deepEqual(rounded.stages[0]!.evaluations, exact.stages[0]!.evaluations);
});
