import { z } from 'zod';
import { clipNorm } from '../../core/arrays.ts';
import { countTokens, headsOf, type ParameterLayout } from '../../core/program.ts';
import { type LoopContext, runLoop } from '../../training/loop.ts';
import { type StageCost, stepsOver } from '../../training/stage.ts';
import { createBatchCursor, withMicroBatches } from '../../training/step-batches.ts';
import { adamwStep, checkFinite, createMoments, headRate, linearDecay, stoppable } from '../../training/steps.ts';
import { chooseStructure } from '../choose-structure.ts';
import { shareOfOpen } from './bilevel/estimators.ts';
import { costOfFitting, fittingKeys, searchFitting } from './fitting.ts';
import { costWithLastWord, lastWordKeys, withLastWord } from './last-word/last-word.ts';
import { stepsOfNoFinalist } from './said-together.ts';
import { type Compile, defineStrategy, type SearchEvent, type SearchProblem, type SearchResult } from './strategy.ts';

const stream = 'search/sensitivity';

const options = z.object({ ...fittingKeys, ...lastWordKeys });

type SensitivityOptions = z.output<typeof options>;

/**
 * What AdaLoRA does with the ranks of LoRA (Zhang et al., ICLR 2023, arXiv 2303.10512), done with whole modules of any
 * kind: all candidates are trained at once under a budget that falls from all of them to its end, and at every step
 * those are open whose parameters the loss has been the most sensitive to. One loss with gradients a step, no α, and no
 * second half of the data. The default: docs/measured/found-or-random.md.
 */
export const sensitivity = defineStrategy({
  name: 'sensitivity',
  label: 'sensitivity',
  description: 'all candidates trained at once under a falling budget, which those share that the loss is sensitive to',
  options,
  varied: [],
  saidTogether: [stepsOfNoFinalist],

  cost: (whole, options) => costWithLastWord(whole, options, ownCost(whole, options)),

  search: (whole, options, compile, context) =>
    withLastWord(whole, options, compile, context, {
      cost: ownCost(whole, options),
      search: (compile, context) => searchFitting(whole, problem => searchAmong(problem, compile, context), options),
    }),
});

/** What the search costs without its last word. */
const ownCost = (whole: SearchProblem, options: SensitivityOptions): StageCost | undefined =>
  costOfFitting(
    whole,
    problem => ({
      ...{ modules: problem.candidates, steps: stepsOf(problem), validations: 0 },
      batches: [{ examples: problem.examples, stream, evaluations: 1 }],
      // Held are w, its two moments, the gradient and z ⊙ w, and of each parameter two averages in double precision.
      ...{ arrays: 9, curvature: false },
    }),
    options,
  );

const stepsOf = ({ examples, stage }: SearchProblem): number => stepsOver(examples.length, stage);

async function* searchAmong(
  problem: SearchProblem,
  compile: Compile,
  context: LoopContext,
): AsyncGenerator<SearchEvent, SearchResult> {
  const { candidates, budget, keepInert, examples, stage } = problem;
  const { microBatch, seed, batchSize, evaluateEvery, learningRate, headLearningRate, clipNorm: maxNorm } = stage;
  const { program: compiled, initialDelta } = await compile(candidates);
  const program = withMicroBatches(stoppable(compiled, context.signal), microBatch);
  const cursor = createBatchCursor(examples, { batchSize, seed, stream });
  const steps = stepsOf(problem);
  const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
  const parts = program.layout.modules.map(({ parameters }) => parameters);

  const delta = initialDelta.slice();
  const moments = createMoments(delta);
  const gates = new Float32Array(candidates.length).fill(1);
  const ofParameters = createAverages(delta.length);
  const ofGates = createAverages(gates.length);
  const worthNow = () =>
    Float64Array.from(parts, (own, i) => meanImportance(ofParameters, own) + importanceAt(ofGates, i));

  async function step(index: number) {
    const batch = cursor.batch(index);
    const { loss, delta: gradient, gates: slopes } = await program.lossAndGradients(batch, delta, gates);
    averageIn(ofParameters, delta, gradient);
    averageIn(ofGates, gates, slopes);
    checkFinite(loss + clipNorm(gradient, maxNorm), index);
    const open = candidates.reduce((sum, { parameters }, i) => sum + gates[i]! * parameters, 0);
    const rate = linearDecay(learningRate, index, steps) * shareOfOpen(open, budget);
    const head = headLearningRate && linearDecay(headLearningRate, index, steps);
    adamwStep(delta, gradient, moments, { learningRate: rate, step: index + 1, ...headRate(program.layout, head) });
    const worth = worthNow();
    const limit = openAfter(index, steps, { all, budget });
    gates.set(chooseStructure(worth, candidates, { budget: limit, keepInert }).map(Number));
    return { loss, learningRate: rate, tokens: countTokens(batch), worth };
  }

  const settings = {
    ...{ stage: 'search', strategy: 'sensitivity', examples: examples.length, steps, budget, keepInert },
    ...{ learningRate, batchSize, clipNorm: maxNorm, seed, microBatch: microBatch ?? 'by tokens' },
    ...(headLearningRate !== undefined && program.layout.heads.length > 0 && { headLearningRate }),
  };
  const arrays = {
    ...{ delta, 'delta.m': moments.m, 'delta.v': moments.v, gates },
    ...{ sensitivity: ofParameters.mean, uncertainty: ofParameters.deviation },
    ...{ 'gates.sensitivity': ofGates.mean, 'gates.uncertainty': ofGates.deviation },
  };
  const done = yield* runLoop({ steps, evaluateEvery, settings, arrays, kept: [], step }, context);
  const heads = headsOf(program.layout, delta);
  return { worth: worthNow(), heads, steps, evaluations: steps, seconds: done.seconds, warnings: [] };
}

/** Shares of the steps before the budget begins to fall, and after it has fallen: AdaLoRA's tᵢ and t_f. */
const [BEFORE, AFTER] = [0.1, 0.2];

/** Parameters that may be open after a step: AdaLoRA's cubic schedule (its equation 13), from all to the budget. */
export function openAfter(step: number, steps: number, { all, budget }: { all: number; budget: number }): number {
  const share = Math.min(1, Math.max(0, (step / steps - BEFORE) / (1 - BEFORE - AFTER)));
  return budget + (all - budget) * (1 - share) ** 3;
}

/** β₁ and β₂ of AdaLoRA's averages. */
const BETA = 0.85;

/** Of each value's sensitivity I = |w ∂L/∂w| (AdaLoRA's equation 8): its average, and that of how far it is from it. */
export interface Averages {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

export const createAverages = (length: number): Averages => ({
  mean: new Float64Array(length),
  deviation: new Float64Array(length),
});

/** Ī ← β Ī + (1 − β) I and Ū ← β Ū + (1 − β) |I − Ī| (its equations 9 and 10), in place. */
export function averageIn({ mean, deviation }: Averages, values: Float32Array, gradient: Float32Array): void {
  for (let i = 0; i < mean.length; i++) {
    const now = Math.abs(values[i]! * gradient[i]!);
    mean[i] = BETA * mean[i]! + (1 - BETA) * now;
    deviation[i] = BETA * deviation[i]! + (1 - BETA) * Math.abs(now - mean[i]!);
  }
}

/** Ī · Ū. */
function importanceAt({ mean, deviation }: Averages, i: number): number {
  return mean[i]! * deviation[i]!;
}

/** Its mean over a module's parameters: what its vectors are worth, beside its gate, AdaLoRA's singular value. */
function meanImportance(averages: Averages, parameters: readonly ParameterLayout[]): number {
  let [sum, count] = [0, 0];
  for (const { offset, size } of parameters) {
    for (let i = offset; i < offset + size; i++) sum += importanceAt(averages, i);
    count += size;
  }
  return sum / count;
}
