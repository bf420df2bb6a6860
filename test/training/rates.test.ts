import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeltaModule } from '../../src/core/site.ts';
import { deltas } from '../../src/deltas/kinds.ts';
import { rateOfKinds, shareOfModules } from '../../src/training/rates.ts';
import { type TuneOptions, tune } from '../../src/training/tune-program.ts';
import { createToyExamples, createToyProgram, drain } from './toy-program.ts';
import { options } from './tune-problem.ts';

test('kinds learn at the least of the multiples that suit each alone', () => {
  const rateOf = (...kinds: string[]) => rateOfKinds(kinds.map(kind => deltas[kind]!));
  assert.deepEqual([rateOf('bitfit'), rateOf('lora'), rateOf('bitfit', 'lora'), rateOf()], [8, 1, 1, 1]);
});

test('a few modules learn at the whole rate, many at the root of 4 over their number', () => {
  assert.deepEqual([0, 1, 4, 16, 64].map(shareOfModules), [1, 1, 1, 0.5, 0.25]);
});

test('a training at suited rates is one at the rate that they come to', async () => {
  const examples = createToyExamples(20);
  const train = async (rate: number, modules: number, more: Partial<TuneOptions>) => {
    const { layout, ...program } = createToyProgram(new Array<number>(modules).fill(1));
    const faster = (module: DeltaModule) => ({ ...module, delta: { ...module.delta, rate } });
    const suited = layout.modules.map(({ module, parameters }) => ({ module: faster(module), parameters }));
    const problem = {
      ...{ program: { ...program, layout: { ...layout, modules: suited } }, examples },
      ...{ initialDelta: new Float32Array(modules), evaluate: async () => 0 },
    };
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
