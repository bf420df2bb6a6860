import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import type { CheckpointState, CheckpointStore } from '../../src/training/checkpoint.ts';
import { type LoopContext, runLoop } from '../../src/training/loop.ts';
import type { Stage } from '../../src/training/stage.ts';
import { drain } from './toy-program.ts';

/** A store in memory that goes through JSON, as a file would. */
function memoryStore(): CheckpointStore & { saves: number } {
  let saved: string | undefined;
  let arrays: CheckpointState['arrays'] = {};
  const store = {
    saves: 0,
    async save(state: CheckpointState) {
      saved = JSON.stringify(state.meta);
      arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, array]) => [name, array.slice()]));
      store.saves += 1;
    },
    async load() {
      return saved === undefined ? undefined : { arrays, meta: JSON.parse(saved) };
    },
  };
  return store;
}

type Counted = { readonly loss: number; readonly learningRate: number };

/** Counts up; the loss of step n is n / 3, the score scores[n]. */
function countingJob(scores: Readonly<Record<number, number>>, overrides: Partial<Stage<Counted>> = {}) {
  const counter = new Float64Array(1);
  const job: Stage<Counted> = {
    steps: 10,
    evaluateEvery: 4,
    settings: { rate: 0.1 },
    arrays: { counter },
    kept: ['counter'],
    step: async step => {
      assert.equal(step, counter[0]);
      counter[0]! += 1;
      return { loss: counter[0]! / 3, learningRate: 1 / counter[0]! };
    },
    evaluate: async () => scores[counter[0]!] ?? 0,
    ...overrides,
  };
  return job;
}

async function run(job: Stage<Counted>, context: LoopContext = {}) {
  const { events, result } = await drain(runLoop(job, context));
  return { lines: events.map(event => `${event.type} ${event.step}`), events, result };
}

const withoutTimes = <T extends object>(event: T) => ({ ...event, seconds: 0, stageSeconds: 0 });

test('evaluates every few steps and at the end, also where the last interval is short', async () => {
  const { lines, events } = await run(countingJob({}));
  assert.deepEqual(
    lines.filter(line => line.startsWith('evaluation')),
    ['evaluation 4', 'evaluation 8', 'evaluation 10'],
  );
  assert.equal(lines.filter(line => line.startsWith('step')).length, 10);
  assert.equal(lines.indexOf('evaluation 4'), 4);
  assert.ok(events.every(event => event.steps === 10 && event.seconds >= 0));
});

test('an end on an evaluation step is evaluated once', async () => {
  const { lines } = await run(countingJob({}, { steps: 8 }));
  assert.deepEqual(lines.slice(-2), ['step 8', 'evaluation 8']);
  assert.equal(lines.length, 10);
});

test('the best evaluation is kept, the latest among equals', async () => {
  const { result, events } = await run(countingJob({ 4: 70, 8: 70, 10: 60 }));
  assert.equal(result.bestStep, 8);
  assert.equal(result.score, 70);
  assert.deepEqual(result.best, { counter: Float64Array.of(8) });
  const scores = events.flatMap(event => (event.type === 'evaluation' ? [[event.score, event.best]] : []));
  assert.deepEqual(scores, [
    [70, 70],
    [70, 70],
    [60, 70],
  ]);
});

test('scores below zero count, and one that is not a number ranks last', async () => {
  assert.equal((await run(countingJob({ 4: -3, 8: Number.NaN, 10: -5 }))).result.bestStep, 4);
  assert.equal((await run(countingJob({ 4: Number.NaN, 8: Number.NaN, 10: -1e9 }))).result.bestStep, 10);
});

test('an evaluation tells the mean loss since the one before, and the rate of its step', async () => {
  const { events } = await run(countingJob({}));
  const told = events.flatMap(event => (event.type === 'evaluation' ? [[event.loss, event.learningRate]] : []));
  const mean = (steps: readonly number[]) => steps.reduce((sum, step) => sum + step / 3, 0) / steps.length;
  assert.deepEqual(told, [
    [mean([1, 2, 3, 4]), 1 / 4],
    [mean([5, 6, 7, 8]), 1 / 8],
    [mean([9, 10]), 1 / 10],
  ]);
});

test('where there is nothing to score a step tells what an evaluation would, but for the score', async () => {
  const { evaluate: _, ...unscored } = countingJob({});
  const { lines, events } = await run(unscored);
  assert.equal(lines.length, 10);
  const mean = (steps: readonly number[]) => steps.reduce((sum, step) => sum + step / 3, 0) / steps.length;
  const told = events.flatMap(event => (event.type === 'step' && event.meanLoss ? [[event.step, event.meanLoss]] : []));
  assert.deepEqual(told, [
    [4, mean([1, 2, 3, 4])],
    [8, mean([5, 6, 7, 8])],
    [10, mean([9, 10])],
  ]);
  const scored = (await run(countingJob({}))).events;
  assert.ok(scored.every(event => !('meanLoss' in event)));
});

test('stopped after any event, it goes on to the same end', async () => {
  const scores = { 4: 1, 8: 3, 10: 2 };
  const whole = await run(countingJob(scores));
  for (let stopAfter = 1; stopAfter < whole.lines.length; stopAfter++) {
    const checkpoint = memoryStore();
    const controller = new AbortController();
    const lines: string[] = [];
    const first = runLoop(countingJob(scores), { checkpoint, signal: controller.signal });
    await assert.rejects(async () => {
      for await (const event of first) {
        lines.push(`${event.type} ${event.step}`);
        if (lines.length === stopAfter) controller.abort();
      }
    }, InterruptedError);
    const second = await run(countingJob(scores), { checkpoint });
    assert.deepEqual([...lines, ...second.lines], whole.lines);
    const rest = whole.events.slice(lines.length);
    assert.deepEqual(second.events.map(withoutTimes), rest.map(withoutTimes));
    assert.deepEqual({ ...second.result, seconds: 0 }, { ...whole.result, seconds: 0 });
  }
});

test('an evaluation broken off by the signal is done again', async () => {
  const checkpoint = memoryStore();
  const controller = new AbortController();
  const stubborn = countingJob(
    {},
    {
      evaluate: async () => {
        controller.abort();
        throw new Error('broken off');
      },
    },
  );
  await assert.rejects(drain(runLoop(stubborn, { checkpoint, signal: controller.signal })), InterruptedError);
  assert.equal((await run(countingJob({}), { checkpoint })).lines[0], 'evaluation 4');
});

test('a run that has ended gives its result again and does nothing', async () => {
  const checkpoint = memoryStore();
  const first = await run(countingJob({ 8: 5 }), { checkpoint });
  const again = await run(countingJob({}), { checkpoint });
  assert.deepEqual(again.lines, []);
  assert.deepEqual(again.result, first.result);
});

test('saves after every evaluation, and between them when the time has come', async () => {
  const rare = memoryStore();
  await run(countingJob({}), { checkpoint: rare });
  assert.equal(rare.saves, 3);
  const often = memoryStore();
  await run(countingJob({}), { checkpoint: often, saveEverySeconds: -1 });
  assert.equal(often.saves, 13);
});

test('an error that is no interruption is passed on, and nothing is saved', async () => {
  const checkpoint = memoryStore();
  const broken = countingJob({}, { step: () => Promise.reject(new Error('device lost')) });
  await assert.rejects(run(broken, { checkpoint }), /device lost/);
  assert.equal(checkpoint.saves, 0);
});

test('a checkpoint of another run is an InputError that says what differs', async () => {
  const checkpoint = memoryStore();
  await run(countingJob({}), { checkpoint });
  const otherSettings = countingJob({}, { settings: { rate: 0.2 } });
  await assert.rejects(run(otherSettings, { checkpoint }), (error: Error) => {
    return error instanceof InputError && /rate = 0.1, this one has 0.2/.test(error.message);
  });
  const otherSize = countingJob({}, { arrays: { counter: new Float64Array(2) } });
  await assert.rejects(run(otherSize, { checkpoint }), /has 1 numbers .* in counter, this one 2/);
});

test('crashed after any event, it tells what was not saved again, and comes to the same end', async () => {
  const scores = { 4: 1, 8: 3, 10: 2 };
  const whole = await run(countingJob(scores));
  for (let stopAfter = 1; stopAfter < whole.lines.length; stopAfter++) {
    const checkpoint = memoryStore();
    const told: object[] = [];
    // Leaving the iterator saves nothing, like a crash.
    for await (const event of runLoop(countingJob(scores), { checkpoint })) {
      told.push(withoutTimes(event));
      if (told.length === stopAfter) break;
    }
    const second = await run(countingJob(scores), { checkpoint });
    const again = told.length + second.events.length - whole.events.length;
    assert.ok(again >= 0 && again <= 5, `${again} events again`);
    assert.deepEqual(
      [...told.slice(0, told.length - again), ...second.events.map(withoutTimes)],
      whole.events.map(withoutTimes),
    );
    assert.deepEqual({ ...second.result, seconds: 0 }, { ...whole.result, seconds: 0 });
  }
});

test('a saved state that makes no sense is an InputError that names its place', async () => {
  const checkpoint = { ...memoryStore(), where: 'tune.safetensors' };
  await run(countingJob({}), { checkpoint });
  const good = (await checkpoint.load())!;
  const meta = good.meta as Record<string, unknown>;
  const { 'best.counter': _, ...withoutBest } = good.arrays;
  const damaged: readonly CheckpointState[] = [
    { ...good, meta: null },
    { ...good, meta: { ...meta, step: -1 } },
    { ...good, meta: { ...meta, step: 11 } },
    { ...good, meta: { ...meta, step: 3 } },
    { ...good, meta: { ...meta, settings: [] } },
    { ...good, arrays: withoutBest },
    { ...good, arrays: { ...good.arrays, counter: Float64Array.of(Number.NaN) } },
    { ...good, arrays: { ...good.arrays, score: new Float64Array(0) } },
    { ...good, arrays: { ...good.arrays, counter: new Float32Array(1) } },
  ];
  for (const state of damaged) {
    const store = { ...checkpoint, load: async () => state };
    await assert.rejects(run(countingJob({}), { checkpoint: store }), (error: Error) => {
      return error instanceof InputError && error.where === 'tune.safetensors' && error.remedy !== undefined;
    });
  }
});

test('settings may hold what JSON cannot, an infinity', async () => {
  const checkpoint = memoryStore();
  const settings = { clipNorm: Number.POSITIVE_INFINITY };
  await run(countingJob({}, { settings }), { checkpoint });
  assert.deepEqual((await run(countingJob({}, { settings }), { checkpoint })).lines, []);
});

test('a stage that has nothing to evaluate saves where others do, and goes on from there', async () => {
  const { evaluate, ...without } = countingJob({}, { kept: [] });
  const { lines, result } = await run(without);
  assert.deepEqual(
    lines,
    Array.from({ length: 10 }, (_, i) => `step ${i + 1}`),
  );
  assert.deepEqual([result.steps, result.bestStep, result.score, result.best], [10, 0, Number.NEGATIVE_INFINITY, {}]);

  const checkpoint = memoryStore();
  const controller = new AbortController();
  const { evaluate: _, ...stopped } = countingJob({}, { kept: [] });
  await assert.rejects(async () => {
    for await (const event of runLoop(stopped, { checkpoint, signal: controller.signal })) {
      if (event.step === 5) controller.abort();
    }
  }, InterruptedError);
  assert.equal(checkpoint.saves, 2);
  const { evaluate: __, ...rest } = countingJob({}, { kept: [] });
  assert.deepEqual((await run(rest, { checkpoint })).lines, lines.slice(5));
});

test('judged by loss, the best evaluation is that of the least, also after a stop', async () => {
  const losses: Record<number, number> = { 4: 2, 8: 1, 10: Number.NaN };
  const counter = new Float64Array(1);
  const job = () => {
    const own = countingJob({ 4: 9, 8: 5, 10: 7 }, { arrays: { counter }, judgedByLoss: true });
    counter[0] = 0;
    return {
      ...own,
      step: async () => {
        counter[0]! += 1;
        return { loss: counter[0]! / 3, learningRate: 1 / counter[0]! };
      },
      evaluate: async () => ({ 4: 9, 8: 5, 10: 7 })[counter[0]!] ?? 0,
      validationLoss: async () => losses[counter[0]!]!,
    };
  };
  const { result, events } = await run(job());
  assert.deepEqual([result.bestStep, result.score, result.validationLoss], [8, 5, 1]);
  assert.deepEqual(
    events.flatMap(event => (event.type === 'evaluation' ? [event.best] : [])),
    [9, 5, 5],
  );
  const checkpoint = memoryStore();
  const controller = new AbortController();
  await assert.rejects(async () => {
    for await (const event of runLoop(job(), { checkpoint, signal: controller.signal })) {
      if (event.step === 9) controller.abort();
    }
  }, InterruptedError);
  const rest = await run(job(), { checkpoint });
  assert.deepEqual(withoutTimes(rest.result), withoutTimes(result));
});
