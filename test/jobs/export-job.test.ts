import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfigFile } from '../../src/config/config-file.ts';
import { runExportJob } from '../../src/jobs/export-job.ts';
import { runTrainJob } from '../../src/jobs/run-job.ts';
import { tinyModel, workspace } from '../cli/support.ts';

const space = workspace();

test('a run of a device that is not here is exported all the same', async () => {
  const out = join(space.folder, 'elsewhere');
  await runTrainJob({ model: tinyModel, task: space.task, method: 'lora', 'max-steps': 4 }, { out });
  const config = join(out, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^device: cpu$/m, 'device: cuda'));
  assert.equal(readConfigFile(config).device, 'cuda');
  await runExportJob(out, { format: 'safetensors', out: join(out, 'exported') });
});
