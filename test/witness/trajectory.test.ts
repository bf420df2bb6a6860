import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Program } from '../../src/core/program.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import { type BiLevelState, biLevelStep } from '../../src/search/strategies/bilevel/bilevel-step.ts';
import { type EstimatorName, estimators, type L0Options } from '../../src/search/strategies/bilevel/estimators.ts';
import { type BiLevelOrder, stepEvaluations } from '../../src/search/strategies/bilevel/step-orders.ts';
import { createMoments, linearDecay } from '../../src/training/steps.ts';
import {
  type Batch,
  deltaVector,
  describedModules,
  examplesOf,
  fixturePath,
  largestDifference,
  type ModuleDescription,
  numbersOf,
  readDocument,
  readNumbers,
} from './fixtures.ts';

interface Run {
  readonly steps: number;
  readonly budget: number;
  readonly order: BiLevelOrder;
  readonly estimator: EstimatorName;
  /** Looked at by the hard concrete estimator alone. */
  readonly l0: L0Options;
  readonly gradient: 'global' | 'local';
  readonly tau: number;
  readonly beta: number;
  readonly clipNorm: number;
  /** α and p are saved after every so many steps. */
  readonly keepEvery: number;
  readonly losses: readonly number[];
  readonly alphaLosses: readonly number[];
  readonly kept: readonly number[];
}

interface Document {
  readonly modules: readonly ModuleDescription[];
  readonly examples: Batch;
  readonly deltaBatches: readonly (readonly number[])[];
  readonly alphaBatches: readonly (readonly number[])[];
  readonly runs: readonly Run[];
}

const NAME = 'tiny-t5-v1_1';
const TOLERANCE = 1e-3;

describe('the path of α beside a plain PyTorch search', async () => {
  const { modules, examples, deltaBatches, alphaBatches, runs } = await readDocument<Document>(`${NAME}.trajectory`);
  const numbers = await readNumbers(`${NAME}.trajectory`);
  const uniforms = numbersOf(numbers, 'uniforms');
  let program: Program;

  before(async () => {
    const model = await loadModel(fixturePath(NAME));
    program = await model.compile(describedModules(model, modules));
  });
  after(() => program.release());

  const pick = (rows: readonly number[]) => examplesOf(rows.map(row => examples[row]!));

  // The one-sided difference must keep to the path of the paper's form too.
  const besideThePaper = runs.filter(
    ({ order, estimator, gradient }) => order === 'second' && estimator === 'concrete' && gradient === 'global',
  );
  for (const { run, order } of [
    ...runs.map(run => ({ run, order: run.order })),
    ...besideThePaper.map(run => ({ run, order: 'one-sided' as const })),
  ]) {
    const number = runs.indexOf(run);
    const { steps, budget, estimator: name, l0, gradient, tau, beta, keepEvery, losses, alphaLosses, kept } = run;
    const of = order === run.order ? '' : `of the ${run.order} order `;
    it(`stays on it ${of}for ${steps} steps, ${order} order, ${name} gates, ${gradient} gradient, τ ${tau}, β ${beta}`, async () => {
      const candidates = program.layout.modules.map(({ module }) => module);
      const counts = candidates.map(({ parameters }) => parameters);
      const count = candidates.length;
      const expected = {
        alpha: numbersOf(numbers, `${number}/alpha`),
        p: numbersOf(numbers, `${number}/p`),
      };
      const delta = deltaVector(program.layout, numbers, 'initial/');
      const alpha = new Float64Array(count);
      const state: BiLevelState = {
        delta,
        deltaMoments: createMoments(delta),
        alpha,
        alphaMoments: createMoments(alpha),
      };
      const estimator = estimators[name]({
        ...{ counts, budget, gradient, tau, beta, l0 },
        // The draws of the fixture in place of the seed's.
        uniforms: step => uniforms.subarray(step * count, (step + 1) * count),
      });

      for (let step = 0; step < steps; step++) {
        const report = await biLevelStep(state, pick(deltaBatches[step]!), pick(alphaBatches[step]!), {
          program,
          estimator,
          order,
          learningRate: linearDecay(3e-4, step, steps),
          alphaLearningRate: linearDecay(0.1, step, steps),
          clipNorm: run.clipNorm,
          step,
        });
        assert.equal(report.evaluations, stepEvaluations[order].delta + stepEvaluations[order].alpha);
        const lossDifference = largestDifference([report.loss, report.alphaLoss], [losses[step]!, alphaLosses[step]!]);
        assert.ok(lossDifference < TOLERANCE, `step ${step}: losses differ by ${lossDifference}`);
        if ((step + 1) % keepEvery === 0) {
          const first = ((step + 1) / keepEvery - 1) * count;
          for (const [what, values] of [
            ['alpha', alpha],
            ['p', estimator.probabilities(alpha)],
          ] as const) {
            const difference = largestDifference(values, expected[what].subarray(first, first + count));
            assert.ok(difference < TOLERANCE, `step ${step}: ${what} differs by ${difference}`);
          }
        }
      }

      const gates = estimator.evaluationGates(alpha);
      const chosen = chooseStructure(alpha, candidates, {
        budget,
        keepInert: false,
        closed: Array.from(gates, gate => gate === 0),
      });
      assert.deepEqual(
        chosen.flatMap((isKept, index) => (isKept ? [index] : [])),
        kept,
      );
    });
  }
});
