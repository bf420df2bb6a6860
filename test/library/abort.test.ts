import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { InterruptedError } from '../../src/core/errors.ts';
import { runEvaluateJob } from '../../src/jobs/evaluate-job.ts';
import { runSearchJob, runTrainJob } from '../../src/jobs/run-job.ts';
import { encodeTask } from '../../src/library/encode-task.ts';
import { evaluate } from '../../src/library/evaluate.ts';
import { predict } from '../../src/library/predict.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { searchStructure } from '../../src/library/search-structure.ts';
import { manualStructure } from '../../src/library/structures.ts';
import { tune } from '../../src/library/tune.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { tinyModel, workspace } from '../cli/support.ts';
import { example } from '../encoded.ts';
import { encodeFilms, films, remarks, tiny } from './films.ts';

const space = workspace();
const folder = mkdtempSync(join(tmpdir(), 's3delta-abort-'));
test.after(() => rmSync(folder, { recursive: true }));

const data = await encodeFilms();
const many = remarks(20_000);
const endless = { 'max-steps': 100_000, 'retrain-epochs': 100_000, epochs: 100_000, lr: 0.001, threads: 1, seed: 3 };
const bitfit = manualStructure(tiny, 'bitfit');
const size = bitfit.modules.reduce((sum, { parameters }) => sum + parameters, 0);
const tuned = { structure: bitfit, delta: new Float32Array(size) };
const longTest = { examples: many.map(() => example([5, 6, 1], [5, 1])), targets: many.map(() => '1') };
const runSettings = { ...endless, model: tinyModel, task: space.task, budget: '500' };
const out = (name: string) => join(folder, name);

/** A model whose every evaluation takes a while, so that a whole second-order step takes five times that. */
const slow: Model = {
  ...tiny,
  async compile(modules) {
    const program = await tiny.compile(modules);
    return {
      ...program,
      async lossAndGradients(...args) {
        await setTimeout(1000);
        return program.lossAndGradients(...args);
      },
    };
  },
};

/** Everything that may take long. None of these would end by itself within the time of this test. */
const calls: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
  encodeTask: signal =>
    encodeTask(tiny, films, { train: endlessly(many), validation: many, test: many, note: '' }, {}, { signal }),
  evaluate: signal => evaluate(tiny, tuned, { ...data, test: longTest }, 'test', { signal }),
  predict: signal =>
    predict(
      tiny,
      tuned,
      many.map(({ input }) => input),
      { signal, batchSize: 4 },
    ),
  searchStructure: signal => runToEnd(searchStructure(tiny, data, { ...endless, budget: '500' }, { signal })),
  'searchStructure in the middle of a step': signal =>
    runToEnd(searchStructure(slow, data, { ...endless, budget: '500' }, { signal })),
  tune: signal => runToEnd(tune(tiny, bitfit, data, endless, { signal })),
  'tune in the middle of a step': signal =>
    runToEnd(tune(slow, bitfit, data, { ...endless, 'micro-batch': 1 }, { signal })),
  runSearchJob: signal => runSearchJob(runSettings, { out: out('search'), signal }),
  runTrainJob: signal => runTrainJob({ ...runSettings, method: 'lora' }, { out: out('train'), signal }),
};

/** A list with a long way to its end. */
function endlessly<T>(list: readonly T[]): readonly T[] {
  return Array.from({ length: 200 }, () => list).flat();
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name} stops soon after an abort, as interrupted`, async () => {
    const controller = new AbortController();
    const ended = call(controller.signal).then(
      () => assert.fail('came to its end'),
      (error: Error) => error,
    );
    await setTimeout(700);
    const aborted = performance.now();
    controller.abort();
    assert.ok((await ended) instanceof InterruptedError, String(await ended));
    const late = performance.now() - aborted;
    assert.ok(late < 10_000, `${Math.round(late)} ms later`);
  });
}

test('after an abort nothing begins', async () => {
  const signal = AbortSignal.abort();
  const task = await loadTask(space.task);
  const refuses = (promise: Promise<unknown>) => assert.rejects(promise, InterruptedError);
  for (const call of Object.values(calls)) await refuses(call(signal));
  // A budget for all candidates leaves nothing to compute, so that this one cannot be stopped later.
  await refuses(runToEnd(searchStructure(tiny, data, { budget: '100%' }, { signal })));
  await refuses(loadModel(tinyModel, { signal }));
  await refuses(loadTaskData(task, { data: space.folder, seed: 1, signal }));
  await refuses(runEvaluateJob(out('train'), 'test', {}, { signal }));
});

test('an abort while data is read is noticed when it has been', async () => {
  const controller = new AbortController();
  const task = await loadTask(space.task);
  const reading = loadTaskData(task, { data: space.folder, seed: 1, signal: controller.signal });
  controller.abort();
  await assert.rejects(reading, InterruptedError);
  const loading = new AbortController();
  const model = loadModel(tinyModel, { signal: loading.signal });
  loading.abort();
  await assert.rejects(model, InterruptedError);
});
