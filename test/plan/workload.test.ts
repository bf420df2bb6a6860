import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileSettings, resolveConfig } from '../../src/config/job-config.ts';
import type { EncodedTask } from '../../src/library/encode-task.ts';
import { resolveSearch } from '../../src/library/search-structure.ts';
import { metrics } from '../../src/metrics/metrics.ts';
import { cutInputs, optionKinds } from '../../src/plan/memory-options.ts';

import { costStages, type PlannedJob, type PlannedStage } from '../../src/plan/stage-plan.ts';
import { stageWorkload } from '../../src/plan/workload.ts';
import { example } from '../encoded.ts';
import { LARGE_PARAMETERS, largeSites } from '../structure/t5-large.ts';

const ids = (length: number) => Array.from({ length }, (_, i) => (i === length - 1 ? 1 : 5 + i));
/** 40 examples of 4, 8, 12, … tokens. */
const train = Array.from({ length: 40 }, (_, i) => example(ids(4 * (i + 1)), [7, 1]));
const split = { examples: [3, 30, 20].map(length => example(ids(length), [7, 1])), targets: ['0', '1', '0'] };
const task = {
  name: 'made-up',
  metric: 'accuracy' as const,
  labels: ['0', '1'],
  maxSourceLength: 160,
  presets: {
    search: { batchSize: 4, epochs: 3, evaluateEvery: 4 },
    retrain: { batchSize: 4, epochs: 2, evaluateEvery: 10 },
  },
};
const data: EncodedTask = {
  task,
  train,
  validation: split,
  test: split,
  note: 'made up',
  majority: 50,
  scoring: { codec: { writing: { maxTokens: 3, decode: String } }, answers: 'generate', score: () => 0, batchSize: 2 },
  judge: { metric: metrics.accuracy, labels: undefined, commonest: '0' },
  findings: [],
  inputs: { all: 46, cut: 0, sets: {}, lost: {} },
};
const model = { sites: largeSites, parameters: LARGE_PARAMETERS, heads: [] };
function jobOf(changes = {}) {
  const config = resolveConfig({ name: 'none' }, task, { seed: 3, finalists: 1, epochs: 3, ...changes });
  return { data, search: resolveSearch(model, config), config, tunings: config.tunings };
}
function workOf(stage: PlannedStage, changes = {}) {
  const { config, cost } = costStages(jobOf(changes)).find(each => each.stage === stage)!;
  return stageWorkload(data, config, cost);
}
const runs = (work: ReturnType<typeof workOf>) => work.training.reduce((sum, { count }) => sum + count, 0);

describe('the work of a search', () => {
  it('is five evaluations a step in the second order, four in the one-sided and two in the first', () => {
    const second = workOf('search', { order: 'second' });
    // 20 examples of D_δ make 5 batches, 3 epochs of them 15 steps, a validation every 4 and at the end: by score and loss.
    assert.deepEqual([second.steps, second.evaluations, second.validations], [15, 75, 8]);
    assert.equal(workOf('search', { order: 'second', judge: 'score' }).validations, 4);
    assert.ok(Math.abs(runs(second) - 75) < 1e-9);
    assert.equal(workOf('search', { order: 'exact' }).evaluations, 75);
    assert.equal(workOf('search', { order: 'one-sided' }).evaluations, 60);
    assert.equal(workOf('search', { order: 'first' }).evaluations, 30);
  });

  it('ends with its steps', () => {
    const { steps, validations } = workOf('search', { order: 'first', 'max-steps': 2 });
    assert.deepEqual([steps, validations], [2, 2]);
  });

  it('is one evaluation a step by the default, over an eighth of the training or 75 steps', () => {
    const steps = (changes = {}) => workOf('search', { epochs: undefined, ...changes });
    const training = workOf('retrain').steps;
    assert.ok(training < 75);
    const whole = steps();
    assert.deepEqual([whole.steps, whole.evaluations], [training, training]);
    assert.equal(steps({ 'retrain-epochs': 40 }).steps, 75);
    assert.equal(steps({ 'retrain-epochs': 100 }).steps, 125);
    assert.equal(steps({ 'retrain-epochs': 100, 'max-steps': 200 }).steps, 75);
  });

  it('is split into micro-batches, whose evaluations count once', () => {
    const work = workOf('search', { order: 'second', 'micro-batch': 1 });
    assert.equal(work.evaluations, 75);
    assert.ok(Math.abs(runs(work) - 4 * 75) < 1e-9);
    assert.ok(work.training.every(({ size }) => size.rows === 1));
  });
});

describe('the stages of a job', () => {
  const stages = (changes = {}) => costStages(jobOf(changes)).map(({ stage }) => stage);

  it('are a search and a re-training, unless there is nothing to search or nothing is to be re-trained', () => {
    assert.deepEqual(stages(), ['search', 'retrain']);
    assert.deepEqual(stages({ retrain: false }), ['search']);
    assert.deepEqual(stages({ budget: '90%' }), ['retrain']);
    // The penalty has to close gates, whatever the budget.
    assert.deepEqual(stages({ objective: 'l0' }), ['search', 'retrain']);
  });

  it('differentiate gradients in the exact order alone, and look ahead in all but the first', () => {
    const costs = ['first', 'one-sided', 'second', 'exact'].map(order => costStages(jobOf({ order })));
    assert.deepEqual(
      costs.map(([search]) => [search!.cost.curvature, search!.cost.arrays]),
      [
        [false, 5],
        [false, 10],
        [false, 10],
        [true, 10],
      ],
    );
  });
});

describe('the work of a re-training', () => {
  const work = workOf('retrain');

  it('is one evaluation a step over all of the training set', () => {
    assert.deepEqual([work.steps, work.evaluations, work.validations], [20, 20, 2]);
    const longest = Math.max(...work.training.map(({ size }) => size.source));
    assert.equal(longest, 160);
  });

  it('answers the validation set in batches of similar length', () => {
    assert.deepEqual(
      work.generation.map(({ size, count }) => ({ ...size, count })),
      [
        { rows: 2, source: 20, target: 3, count: 2 },
        { rows: 1, source: 30, target: 3, count: 2 },
      ],
    );
  });
});

describe('options that take less memory', () => {
  function kindsOf(changes = {}, int8 = false) {
    const { config, ...costed } = jobOf(changes);
    const { settings, encoding } = config;
    const compile = compileSettings({ ...settings, device: 'cpu' });
    // Nothing of the model is asked: what an option changes is the job's own values.
    const job: PlannedJob = { ...costed, model: undefined as never, compile, encoding, processBytes: 0 };
    return optionKinds(job, { int8 });
  }
  const settingsOf = (kind: ReturnType<typeof kindsOf>[number]) => kind.attempts.map(({ settings }) => settings);

  it('are tried from the mildest on, and only where they change anything', () => {
    const kinds = kindsOf({ order: 'second' }).map(settingsOf);
    assert.deepEqual(kinds[0], [{ 'micro-batch': 2 }, { 'micro-batch': 1 }]);
    assert.deepEqual(kinds[1], [{ prepack: false }, { recompute: true }, { prepack: false, recompute: true }]);
    assert.deepEqual(kinds[2], [{ order: 'first' }]);
    assert.deepEqual(kinds[3]![0], { 'max-length': 80 });
    assert.deepEqual(settingsOf(kindsOf({ prepack: false })[1]!), [{ recompute: true }]);
    assert.deepEqual(settingsOf(kindsOf({ recompute: true })[1]!), [{ prepack: false }]);
    const first = kindsOf({ order: 'first', 'micro-batch': 1, prepack: false, recompute: true });
    assert.deepEqual(
      first.map(kind => Object.keys(settingsOf(kind)[0] ?? {})),
      [[], [], ['max-length']],
    );
  });

  it('make the job that their settings would make', () => {
    for (const { attempts } of kindsOf({}, true)) {
      for (const { settings, job } of attempts) {
        const expected = jobOf(settings);
        const { settings: whole, encoding } = expected.config;
        const { maxLength } = encoding;
        assert.deepEqual(
          [job.search, job.compile, job.encoding.maxLength],
          [expected.search, compileSettings({ ...whole, device: 'cpu' }), maxLength],
        );
        assert.ok(job.data.train.every(({ input }) => input.ids.length <= maxLength));
      }
    }
  });

  it('have 8-bit integers where the machine multiplies them exactly and the settings do not have them', () => {
    const precisions = (changes = {}) =>
      kindsOf(changes, true).filter(kind => settingsOf(kind)[0]?.precision === 'int8').length;
    assert.deepEqual([precisions(), precisions({ precision: 'int8' })], [1, 0]);
  });

  it('cut texts as encoding does: the end token stays', () => {
    const cut = cutInputs(data, 10);
    assert.ok(cut.train.every(({ input }) => input.ids.length <= 10 && input.ids.at(-1) === 1));
    assert.deepEqual(cut.validation.examples[0]!.input.ids, ids(3));
  });
});
