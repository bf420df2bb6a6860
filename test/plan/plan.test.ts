import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { InterruptedError, type JobEvent, planSearch, runPlanJob } from '../../src/index.ts';
import { freshLoaders, type Loaders } from '../../src/jobs/job-events.ts';
import { hasExactInt8Products } from '../../src/runtime/probe-device.ts';

const settings = {
  model: 'mini',
  task: 'examples/my-task/task.yaml',
  data: 'examples/my-task',
  budget: '5000',
  seed: 1,
  'batch-size': 4,
  'max-steps': 6,
  finalists: 1,
} as const;

const cache = await mkdtemp(join(tmpdir(), 's3delta-plan-'));
process.env.S3DELTA_CACHE = cache;
after(() => rm(cache, { recursive: true, force: true }));

const plan = await runPlanJob(settings);
const int8 = await hasExactInt8Products();

describe('the plan of a search', () => {
  it('has the names that other programs read', () => {
    assert.equal(plan.candidates, 156);
    assert.equal(plan.parameters, 79_232);
    assert.equal(plan.budget.parameters, 5000);
    assert.ok(Number.isFinite(plan.peakBytes) && plan.peakBytes > 100e6 && plan.peakBytes < 2e9);
    assert.ok(plan.seconds! > 0 && plan.seconds! < 600);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  });

  it('adds up', () => {
    assert.deepEqual(
      plan.stages.map(({ stage, steps }) => [stage, steps]),
      [
        ['search', 6],
        ['retrain', 6],
      ],
    );
    assert.equal(plan.peakBytes, Math.max(...plan.stages.map(({ peakBytes }) => peakBytes)));
    for (const { processBytes, trainingBytes, generationBytes, arraysBytes, peakBytes } of plan.stages) {
      assert.equal(processBytes + trainingBytes + generationBytes + arraysBytes, peakBytes);
    }
    const stages = plan.stages.reduce((sum, { seconds }) => sum + seconds!, 0);
    // The rest is the test set's.
    assert.ok(plan.seconds! >= stages);
    const [search, retrain] = plan.stages;
    assert.ok(search!.trainingBytes > retrain!.trainingBytes);
    assert.deepEqual([plan.memory.fits, plan.levers.length], [true, 0]);
  });

  it('names options where the memory is too small, and times nothing when told so', async () => {
    const tight = await runPlanJob(
      { ...settings, order: 'second' },
      { timing: false, memoryBytes: plan.peakBytes * 0.5 },
    );
    assert.equal(tight.seconds, null);
    assert.equal(tight.memory.fits, false);
    assert.deepEqual(
      tight.levers.map(option => Object.keys(option.settings).join()),
      ['micro-batch', 'prepack,recompute', ...(int8 ? ['precision'] : []), 'order', 'max-length'],
    );
    for (const option of tight.levers) {
      assert.ok(option.peakBytes <= tight.peakBytes);
      assert.equal(option.fits, option.peakBytes <= tight.memory.limitBytes);
    }
  });

  it('plans with 8-bit integers that nobody has rounded as with those that lie in their file', {
    skip: !int8,
  }, async () => {
    const tight = await runPlanJob(
      { ...settings, order: 'second' },
      { timing: false, memoryBytes: plan.peakBytes * 0.5 },
    );
    // What is remembered of the file of weights may be there, rounded ones may not.
    assert.equal((await readdir(cache)).includes('int8'), false);
    const option = tight.levers.find(({ settings }) => settings.precision === 'int8')!;
    const rounded = await runPlanJob({ ...settings, order: 'second', precision: 'int8' }, { timing: false });
    // What the process holds already differs between the two.
    const own = ({ stages }: typeof tight) => Math.max(...stages.map(each => each.peakBytes - each.processBytes));
    assert.equal(option.peakBytes - tight.stages[0]!.processBytes, own(rounded));
    assert.ok(own(rounded) < own(tight));
    assert.equal(option.seconds, null);
  });

  it('searches nothing where the budget holds everything', async () => {
    const whole = await runPlanJob({ ...settings, budget: '79232' }, { timing: false });
    assert.deepEqual(
      whole.stages.map(({ stage }) => stage),
      ['retrain'],
    );
    assert.equal(whole.modulesThatFit.most, 148);
  });

  it('leaves the re-training out where there is none', async () => {
    const short = await runPlanJob({ ...settings, retrain: false }, { timing: false });
    assert.deepEqual(
      short.stages.map(({ stage }) => stage),
      ['search'],
    );
  });

  it('says how often a training is done', async () => {
    const { stages } = await runPlanJob({ ...settings, 'random-baseline': true }, { timing: false });
    assert.deepEqual(
      stages.map(({ stage, times }) => [stage, times]),
      [
        ['search', 1],
        ['retrain', 2],
      ],
    );
  });

  it('says whose memory it tells where another device is to compute', async () => {
    const warnings: string[] = [];
    const onEvent = (event: JobEvent) => event.type === 'warning' && warnings.push(event.text);
    await runPlanJob(settings, { timing: false, onEvent });
    assert.doesNotMatch(warnings.join(), /memory is told/);
    const loaders: Loaders = { ...freshLoaders, device: async () => 'webgpu' };
    await runPlanJob({ ...settings, device: 'auto' }, { timing: false, onEvent, loaders });
    assert.match(warnings.join(), /memory is told as the CPU needs it: what webgpu holds/);
  });

  it('ends when it is told to', async () => {
    await assert.rejects(runPlanJob(settings, { signal: AbortSignal.abort() }), InterruptedError);
    assert.equal(typeof planSearch, 'function');
  });
});
