import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadModel } from '../../src/models/load.ts';
import type { Program } from '../../src/runtime/program.ts';
import { type BiLevelState, biLevelStep } from '../../src/search/bi-level.ts';
import { binaryConcrete, binaryConcreteGradient } from '../../src/search/binary-concrete.ts';
import { chooseStructure } from '../../src/search/choose-structure.ts';
import type { GateEstimator } from '../../src/search/estimator.ts';
import { alphaGradients, shiftedLogits, sigmoid, solveShift } from '../../src/search/shifted-sigmoid.ts';
import { createMoments } from '../../src/training/adamw.ts';
import { linearDecay } from '../../src/training/schedule.ts';
import {
  type Batch,
  deltaVector,
  describedModules,
  fixturePath,
  largestDifference,
  type ModuleDescription,
  numbersOf,
  readDocument,
  readNumbers,
} from './fixtures.ts';

interface Run {
  readonly steps: number;
  readonly order: 'first' | 'second';
  readonly gradient: 'global' | 'local';
  /** α and p are saved after every so many steps. */
  readonly keepEvery: number;
  readonly losses: readonly number[];
  readonly alphaLosses: readonly number[];
  readonly kept: readonly number[];
}

interface Document {
  readonly modules: readonly ModuleDescription[];
  readonly budget: number;
  readonly examples: Batch;
  readonly deltaBatches: readonly (readonly number[])[];
  readonly alphaBatches: readonly (readonly number[])[];
  readonly runs: readonly Run[];
}

const NAME = 'tiny-t5-v1_1';
const TOLERANCE = 1e-3;

describe('the path of α beside a plain PyTorch search', async () => {
  const { modules, budget, examples, deltaBatches, alphaBatches, runs } = await readDocument<Document>(
    `${NAME}.trajectory`,
  );
  const numbers = await readNumbers(`${NAME}.trajectory`);
  const uniforms = numbersOf(numbers, 'uniforms');
  let program: Program;

  before(async () => {
    const model = await loadModel(fixturePath(NAME));
    program = await model.compile(describedModules(model, modules), { gates: true });
  });
  after(() => program.release());

  /** The search's own relaxation, with the draws of the fixture in place of the seed's. */
  function createEstimator(gradient: Run['gradient']): GateEstimator {
    const counts = program.layout.modules.map(({ module }) => module.parameters);
    const logitsOf = (alpha: Float64Array) => shiftedLogits(alpha, solveShift(alpha, counts, budget, 1), 1);
    return {
      sample(alpha, step) {
        const logits = logitsOf(alpha);
        const soft = binaryConcrete(logits, uniforms.subarray(step * alpha.length, (step + 1) * alpha.length), 1);
        return {
          gates: Float32Array.from(soft),
          backward: gateGradient => alphaGradients[gradient](logits, binaryConcreteGradient(soft, gateGradient, 1), 1),
        };
      },
      probabilities: alpha => logitsOf(alpha).map(sigmoid),
    };
  }

  const pick = (rows: readonly number[]): Batch => rows.map(row => examples[row]!);

  for (const { steps, order, gradient, keepEvery, losses, alphaLosses, kept } of runs) {
    it(`stays on it for ${steps} steps, ${order} order, ${gradient} gradient`, async () => {
      const count = program.layout.modules.length;
      const expected = {
        alpha: numbersOf(numbers, `${steps}/${order}/${gradient}/alpha`),
        p: numbersOf(numbers, `${steps}/${order}/${gradient}/p`),
      };
      const delta = deltaVector(program.layout, numbers, 'initial/');
      const alpha = new Float64Array(count);
      const state: BiLevelState = {
        delta,
        deltaMoments: createMoments(delta),
        alpha,
        alphaMoments: createMoments(alpha),
      };
      const estimator = createEstimator(gradient);

      for (let step = 0; step < steps; step++) {
        const report = await biLevelStep(state, pick(deltaBatches[step]!), pick(alphaBatches[step]!), {
          program,
          estimator,
          order,
          learningRate: linearDecay(3e-4, step, steps),
          alphaLearningRate: linearDecay(0.1, step, steps),
          clipNorm: 2,
          step,
        });
        assert.equal(report.evaluations, order === 'second' ? 5 : 2);
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

      const candidates = program.layout.modules.map(({ module }) => module);
      const chosen = chooseStructure(alpha, candidates, { budget, keepInert: false });
      assert.deepEqual(
        chosen.flatMap((isKept, index) => (isKept ? [index] : [])),
        kept,
      );
    });
  }
});
