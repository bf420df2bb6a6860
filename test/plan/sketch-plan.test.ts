import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runSketchPlanJob } from '../../src/jobs/plan-job.ts';
import { loadModel, sketchModel } from '../../src/models/load-model.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { runCli } from '../cli/support.ts';
import { startHub, withEnvironment } from '../hub/hub-server.ts';
import { plannedPeak } from '../runtime/memory/peaks.ts';
import { fixturePath } from '../witness/fixtures.ts';

const scratch = await mkdtemp(join(tmpdir(), 's3delta-sketch-'));
after(() => rm(scratch, { recursive: true, force: true }));

const LARGE = {
  ...{ model_type: 't5', vocab_size: 32128, d_model: 1024, d_kv: 64, d_ff: 4096, num_heads: 16, num_layers: 24 },
};

async function folderOf(name: string, config: object): Promise<string> {
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

for (const name of ['tiny-t5', 'tiny-t5-v1_1', 'tiny-umt5', 'tiny-bert', 'tiny-mpnet', 'tiny-modernbert']) {
  test(`config.json alone tells of ${name} what its weights tell`, async () => {
    const alone = join(scratch, name);
    await mkdir(alone);
    await cp(join(fixturePath(name), 'config.json'), join(alone, 'config.json'));
    const loaded = await loadModel(fixturePath(name), { threads: 1 });
    const size = { rows: 3, source: 40, target: 5 };
    const peak = (model: Pick<typeof loaded, 'graphs' | 'sites'>) => {
      const { training, extents } = model.graphs(listSpace(model.sites, 'mixed'));
      return plannedPeak(training, extents(size));
    };
    const beside = await sketchModel(fixturePath(name));
    const sketch = await sketchModel(alone);
    assert.deepEqual([beside.parameters, beside.sites], [loaded.parameters, loaded.sites]);
    assert.deepEqual([sketch.parameters, sketch.sites.length], [loaded.parameters, loaded.sites.length]);
    assert.ok(Math.abs(peak(sketch) / peak(loaded) - 1) < 0.02, `${peak(sketch)} for ${peak(loaded)}`);
  });
}

test('T5-large has 916 mixed and 288 LoRA candidates, and a plan that says what it cannot', async () => {
  const folder = await folderOf('t5-large', LARGE);
  const stated = { examples: 64, sourceTokens: 32, targetTokens: 3 };
  const warnings: string[] = [];
  const planned = async (space: string) =>
    runSketchPlanJob({ model: folder, space }, stated, {
      onEvent: event => event.type === 'warning' && warnings.push(event.text),
    });
  const [mixed, lora] = [await planned('mixed'), await planned('lora')];
  assert.deepEqual([mixed.candidates, lora.candidates], [916, 288]);
  assert.equal(mixed.backboneParameters, 737_668_096);
  // The weights alone are 2.95 GB.
  assert.ok(mixed.peakBytes > 2.95e9 && mixed.peakBytes < 40e9, String(mixed.peakBytes));
  assert.deepEqual([mixed.seconds, mixed.stages.map(({ seconds }) => seconds)], [null, [null, null]]);
  assert.match(warnings[0]!, /no step is timed/);
  const longer = await runSketchPlanJob({ model: folder, space: 'lora' }, { ...stated, sourceTokens: 256 });
  assert.ok(longer.peakBytes > lora.peakBytes);
});

test('of a model on the Hub nothing but config.json is fetched', async t => {
  const files = { 'config.json': JSON.stringify(LARGE), 'model.safetensors': 'never', 'spiece.model': 'never' };
  const hub = await startHub(t, { repository: 'models/org/t5-large', files });
  const HF_HUB_CACHE = join(scratch, 'cache');
  withEnvironment(t, { HF_ENDPOINT: hub.url, HF_HUB_CACHE, HF_TOKEN: undefined, HF_HUB_OFFLINE: undefined });
  const { stdout } = await runCli(['models', 'org/t5-large', '--json'], scratch);
  const [model] = JSON.parse(stdout).models;
  assert.deepEqual([model.name, model.parameters, model.weightBytes], ['t5-large', 737_668_096, 4 * 737_668_096]);
  assert.deepEqual([model.candidates.mixed, model.candidates.lora], [916, 288]);
  const fetched = hub.requests.flatMap(({ path }) => /resolve\/[0-9a-f]{40}\/(.*)/.exec(path)?.[1] ?? []);
  assert.deepEqual([...new Set(fetched)], ['config.json']);
});

test('an encoder is planned with a head of two classes; what is wrong is named', async () => {
  const folder = join(scratch, 'tiny-bert');
  const plan = async (...more: string[]) => runCli(['plan', '--model', folder, '--budget', '500', ...more], scratch);
  const { stdout, exitCode } = await plan('--source-tokens', '20', '--json');
  assert.equal(exitCode, 0);
  assert.ok(JSON.parse(stdout).head > 0);
  const wrong = await plan('--examples', 'many');
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /`many` is no count from 1 to/);
  const nameless = await folderOf('nameless', { d_model: 3 });
  assert.match((await runCli(['models', nameless], scratch)).stderr, /the model family is not named/);
});
