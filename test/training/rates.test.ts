import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layout, ParameterLayout } from '../../src/core/program.ts';
import { bitfit } from '../../src/deltas/bitfit.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { rateStretches, shareOfModules } from '../../src/training/rates.ts';
import { adamwStep, createMoments } from '../../src/training/steps.ts';
import { type TuneOptions, tune } from '../../src/training/tune-program.ts';
import { createToyExamples, createToyProgram, createToySite, drain } from './toy-program.ts';
import { options } from './tune-problem.ts';

const site = createToySite(0);
const head = {
  name: 'classifier',
  parameters: [{ name: 'weight', shape: [2], initializer: bitfit.parameters(site, {})[0]!.initializer }],
};

/** LoRA's A and B of one number each, a bias, and a head of two numbers. */
const layout = layoutOf([createModule(site, 'lora'), createModule(site, 'bitfit')], [head]);

test('each kind learns at its multiple of the rate, a head at its own', () => {
  const bias = { begin: 2, end: 3, learningRate: 0.8 };
  const classifier = { begin: 3, end: 5, learningRate: 0.5 };
  assert.deepEqual(rateStretches(layout, { learningRate: 0.1, kindRates: true, headLearningRate: 0.5 }), [
    bias,
    classifier,
  ]);
  assert.deepEqual(rateStretches(layout, { learningRate: 0.1, headLearningRate: 0.5 }), [classifier]);
  assert.deepEqual(rateStretches(layout, { learningRate: 0.1, kindRates: true }), [bias]);
  assert.deepEqual(rateStretches(layout, { learningRate: 0.1 }), []);
});

test('what meets and learns alike is one stretch', () => {
  const two = layoutOf([createModule(site, 'bitfit'), createModule(createToySite(1), 'bitfit')]);
  assert.deepEqual(rateStretches(two, { learningRate: 1, kindRates: true }), [{ begin: 0, end: 2, learningRate: 8 }]);
});

test('a few modules learn at the whole rate, many at the root of 4 over their number', () => {
  assert.deepEqual([0, 1, 4, 16, 64].map(shareOfModules), [1, 1, 1, 0.5, 0.25]);
});

test('a stretch moves as if it were trained alone at its rate, and what is between and after as before', () => {
  const gradient = Float64Array.of(1, -2, 3, -4, 5, -6);
  const step = (rate: number, stretches: Parameters<typeof adamwStep>[3]['stretches'] = []) => {
    const values = new Float64Array(6).fill(1);
    const moments = createMoments(values);
    for (const count of [1, 2]) adamwStep(values, gradient, moments, { learningRate: rate, step: count, stretches });
    return values;
  };
  const [slow, fast, faster] = [step(0.1), step(0.3), step(0.7)];
  const both = step(0.1, [
    { begin: 1, end: 2, learningRate: 0.3 },
    { begin: 3, end: 5, learningRate: 0.7 },
  ]);
  assert.deepEqual([...both], [slow[0], fast[1], slow[2], faster[3], faster[4], slow[5]]);
});

test('a training at suited rates is one at the rates that they come to', async () => {
  const examples = createToyExamples(20);
  const ofRate = (rate: number, modules: number) => {
    const program = createToyProgram(new Array<number>(modules).fill(1));
    const faster = (parameter: ParameterLayout) => ({ ...parameter, rate });
    const layout: Layout = {
      ...program.layout,
      modules: program.layout.modules.map(each => ({ ...each, parameters: each.parameters.map(faster) })),
    };
    return { ...program, layout };
  };
  const train = async (rate: number, modules: number, more: Partial<TuneOptions>) => {
    const program = ofRate(rate, modules);
    const problem = { program, examples, initialDelta: new Float32Array(modules), evaluate: async () => 0 };
    return (await drain(tune(problem, { ...options, maxSteps: 5, ...more }))).result.delta;
  };
  const { learningRate } = options;
  assert.deepEqual(
    await train(4, 16, { sharedRate: true, kindRates: true }),
    await train(1, 16, { learningRate: 2 * learningRate }),
    'four times the half',
  );
  assert.deepEqual(await train(4, 16, {}), await train(1, 16, {}), 'without a word at one rate');
});
