import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { countTokens } from '../../src/core/program.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';
import { type TuneOptions, type TuneStepEvent, tune } from '../../src/training/tune-program.ts';
import { createToyExamples, createToyProgram, drain } from './toy-program.ts';
import { options, problem } from './tune-problem.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-tune-'));
after(() => rm(folder, { recursive: true }));

async function train(overrides: Partial<TuneOptions> = {}, checkpoint?: string) {
  const context = checkpoint ? { checkpoint: checkpointFile(checkpoint) } : {};
  const { events, result } = await drain(tune(problem, { ...options, ...overrides }, context));
  return { steps: events.filter((event): event is TuneStepEvent => event.type === 'step'), events, result };
}

const withoutTime = <T extends { seconds: number }>(value: T) => ({ ...value, seconds: 0, stageSeconds: 0 });
const whole = await train();

test('learns: the score rises and the result is the best evaluation’s delta', async () => {
  const before = await problem.evaluate(problem.initialDelta);
  assert.ok(whole.result.score > before + 0.05, `${before} → ${whole.result.score}`);
  assert.equal(await problem.evaluate(whole.result.delta), whole.result.score);
  assert.deepEqual(problem.initialDelta, new Float32Array(8), 'the initial values are left alone');
});

test('reports every step: number, linearly falling rate, tokens, loss', () => {
  assert.equal(whole.result.steps, 32);
  assert.equal(whole.result.evaluations, 32);
  assert.deepEqual(
    whole.steps.map(({ step }) => step),
    Array.from({ length: 32 }, (_, i) => i + 1),
  );
  for (const { step, learningRate } of whole.steps) {
    assert.ok(Math.abs(learningRate - 0.05 * (1 - (step - 1) / 32)) < 1e-12);
  }
  const tokensPerEpoch = countTokens(problem.examples);
  assert.equal(
    whole.steps.slice(0, 4).reduce((sum, { tokens }) => sum + tokens, 0),
    tokensPerEpoch,
  );
});

test('a seed gives the same run bit for bit; another seed another run', async () => {
  const again = await train();
  assert.deepEqual(again.events.map(withoutTime), whole.events.map(withoutTime));
  assert.deepEqual(withoutTime(again.result), withoutTime(whole.result));
  assert.notDeepEqual((await train({ seed: 2 })).result.delta, whole.result.delta);
});

test('at most maxSteps steps, and the rate decays over them', async () => {
  const { steps, result } = await train({ maxSteps: 6 });
  assert.equal(result.steps, 6);
  assert.ok(Math.abs(steps[5]!.learningRate - 0.05 / 6) < 1e-12);
});

test('interrupted after any step, the rest is bit for bit the same', async () => {
  for (let stop = 1; stop < 32; stop++) {
    const path = join(folder, `stop-${stop}.safetensors`);
    const controller = new AbortController();
    const checkpoint = checkpointFile(path);
    await assert.rejects(async () => {
      for await (const event of tune(problem, options, { checkpoint, signal: controller.signal })) {
        if (event.type === 'step' && event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await train({}, path);
    assert.equal(rest.steps[0]?.step, stop + 1);
    assert.deepEqual(rest.steps.map(withoutTime), whole.steps.slice(stop).map(withoutTime));
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
  }
});

test('killed at once, it loses the steps since the last save and nothing else', async () => {
  const path = join(folder, 'killed.safetensors');
  const script = fileURLToPath(new URL('./tune-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<NodeJS.Signals | null>(resolve => child.on('close', (_, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'step 13') child.kill('SIGKILL');
  }
  assert.equal(await ended, 'SIGKILL');
  const rest = await train({}, path);
  const first = rest.steps[0]!.step;
  assert.ok(first > 10 && first < 32, `the evaluation after step 10 was saved; went on with step ${first}`);
  assert.deepEqual(rest.steps.map(withoutTime), whole.steps.slice(first - 1).map(withoutTime));
  assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
});

test('micro-batches change the loss by rounding only', async () => {
  const { steps } = await train({ microBatch: 3 });
  for (const [i, { loss }] of steps.entries()) assert.ok(Math.abs(loss - whole.steps[i]!.loss) < 1e-4);
});

test('a loss that is no number ends the run with advice', async () => {
  const program = createToyProgram([4, 4]);
  const broken = {
    ...program,
    lossAndGradients: async () => ({ loss: Number.NaN, delta: new Float32Array(8), gates: new Float32Array(0) }),
  };
  await assert.rejects(drain(tune({ ...problem, program: broken }, options)), (error: Error) => {
    return error instanceof InputError && /not finite at step 1/.test(error.message) && /rate/.test(error.remedy ?? '');
  });
});

test('no examples and no steps are InputErrors', async () => {
  await assert.rejects(drain(tune({ ...problem, examples: [] }, options)), InputError);
  await assert.rejects(drain(tune(problem, { ...options, epochs: 0 })), InputError);
  await assert.rejects(drain(tune(problem, { ...options, maxSteps: 0 })), InputError);
});

test('a checkpoint of other examples is refused', async () => {
  const path = join(folder, 'other.safetensors');
  await train({ maxSteps: 3 }, path);
  const other = { ...problem, examples: createToyExamples(31) };
  await assert.rejects(
    drain(tune(other, { ...options, maxSteps: 3 }, { checkpoint: checkpointFile(path) })),
    InputError,
  );
});
