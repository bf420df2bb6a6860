import { z } from 'zod';
import { clipNorm } from '../../core/arrays.ts';
import { keyWithDefault } from '../../core/checked-values.ts';
import { countTokens } from '../../core/program.ts';
import type { BudgetOptions, Cost } from '../../structure/budget.ts';
import { type LoopContext, runLoop } from '../../training/loop.ts';
import { stepsOver } from '../../training/stage.ts';
import { createBatchCursor, withMicroBatches } from '../../training/step-batches.ts';
import { adamwStep, checkFinite, createMoments, headRate, linearDecay, stoppable } from '../../training/steps.ts';
import { chooseStructure } from '../choose-structure.ts';
import { shareOfOpen } from './bilevel/estimators.ts';
import { splitHalves } from './bilevel/step-orders.ts';
import { costOfFitting, searchFitting } from './fitting.ts';
import { type Compile, defineStrategy, type SearchEvent, type SearchProblem, type SearchResult } from './strategy.ts';

const options = z.object({
  rounds: keyWithDefault(
    z.coerce.number().int().min(1).max(100),
    6,
    'rounds of training and pruning, each of which closes the same share of the parameters that are open',
    { hint: 'N' },
  ),
});

type PruneOptions = z.output<typeof options>;

const streams = { train: 'search/prune/train', score: 'search/prune/score' } as const;

/**
 * Selection by removal, in place of gates that are learned: all candidates are trained at once, and in rounds those are
 * closed whose removal the loss of other examples would notice least, by −∂L/∂z·z (first order of L at z = 0 less L at
 * z = 1), as PrunePEFT does (arXiv 2506.07587). It takes one loss with gradients a step, where the bi-level search of
 * the first order takes two.
 */
export const prune = defineStrategy({
  name: 'prune',
  label: 'pruning by saliency',
  description: 'all candidates trained at once, and in rounds those closed whose removal the loss would notice least',
  options,
  varied: ['rounds'],

  cost: whole =>
    costOfFitting(whole, problem => {
      const { delta } = splitHalves(problem.examples, problem.stage.seed);
      const batches = [{ examples: delta, stream: streams.train, evaluations: 1 }];
      const steps = stepsOf(problem);
      // Held are w, its two moments, the gradient and z ⊙ w.
      return { modules: problem.candidates, steps, validations: 0, batches, arrays: 5, curvature: false };
    }),

  search: (whole, given, compile, context) =>
    searchFitting(whole, problem => pruneAmong(problem, given, compile, context)),
});

async function* pruneAmong(
  problem: SearchProblem,
  given: PruneOptions,
  compile: Compile,
  context: LoopContext,
): AsyncGenerator<SearchEvent, SearchResult> {
  const { candidates, budget, keepInert, examples, stage } = problem;
  const { microBatch, seed, batchSize, evaluateEvery, learningRate, headLearningRate, clipNorm: maxNorm } = stage;
  const { program: compiled, initialDelta } = await compile(candidates);
  const program = withMicroBatches(stoppable(compiled, context.signal), microBatch);
  const halves = splitHalves(examples, seed);
  const training = createBatchCursor(halves.delta, { batchSize, seed, stream: streams.train });
  const scoring = createBatchCursor(halves.alpha, { batchSize, seed, stream: streams.score });
  const steps = stepsOf(problem);
  const moments = planRounds(steps, given.rounds);
  const rounds = countRounds(moments);
  const all = parametersOf(problem);

  const delta = initialDelta.slice();
  const adam = createMoments(delta);
  const gates = new Float32Array(candidates.length).fill(1);
  // Of the round at work, summed over its batches.
  const saliency = new Float64Array(candidates.length);
  // Above every module that is closed stand those closed later, and above all those that never are.
  const place = new Float64Array(candidates.length);
  const closed = () => gates.reduce((sum, gate) => sum + (gate === 0 ? 1 : 0), 0);
  const worthNow = () => ranked(gates, saliency, place);

  async function step(index: number) {
    const { trains, before, prunes, round } = moments[index]!;
    const batch = (trains ? training : scoring).batch(before);
    const { loss, delta: gradient, gates: slopes } = await program.lossAndGradients(batch, delta, gates);
    checkFinite(loss + clipNorm(gradient, maxNorm), index);
    const open = candidates.reduce((sum, { parameters }, i) => sum + gates[i]! * parameters, 0);
    const rate = linearDecay(learningRate, index, steps) * shareOfOpen(open, budget);
    if (trains) {
      const head = headLearningRate && linearDecay(headLearningRate, index, steps);
      adamwStep(delta, gradient, adam, { learningRate: rate, step: before + 1, ...headRate(program.layout, head) });
    } else {
      for (const [i, slope] of slopes.entries()) saliency[i]! -= slope * gates[i]!;
    }
    if (prunes) {
      const gone = closed();
      const limit = openAfter(round, rounds, { all, budget });
      const pruned = pruneModules(gates, saliency, candidates, { budget: limit, keepInert });
      for (const [rank, i] of pruned.entries()) place[i] = gone + pruned.length - rank;
      if (round + 1 < rounds) saliency.fill(0);
    }
    return { loss, learningRate: trains ? rate : 0, tokens: countTokens(batch), worth: worthNow() };
  }

  const settings = {
    ...{ stage: 'search', strategy: 'prune', examples: examples.length, steps, rounds, budget, keepInert },
    ...{ learningRate, batchSize, clipNorm: maxNorm, seed, microBatch: microBatch ?? 'by tokens' },
    ...(headLearningRate !== undefined && program.layout.heads.length > 0 && { headLearningRate }),
  };
  const arrays = { delta, 'delta.m': adam.m, 'delta.v': adam.v, gates, saliency, place };
  const done = yield* runLoop({ steps, evaluateEvery, settings, arrays, kept: [], step }, context);
  return { worth: worthNow(), steps, evaluations: steps, seconds: done.seconds, warnings: [] };
}

/** The number of modules that each stands above: the closed in the order of their going, the open by saliency. */
function ranked(gates: Float32Array, saliency: Float64Array, place: Float64Array): Float64Array {
  const worth = place.slice();
  const open = [...gates.keys()].filter(i => gates[i] === 1);
  open.sort((a, b) => saliency[a]! - saliency[b]! || b - a);
  for (const [rank, i] of open.entries()) worth[i] = gates.length - open.length + rank + 1;
  return worth;
}

const parametersOf = ({ candidates }: SearchProblem) => candidates.reduce((sum, { parameters }) => sum + parameters, 0);

/** As many as a bi-level search has. */
function stepsOf({ examples, stage }: SearchProblem): number {
  const { delta } = splitHalves(examples, stage.seed);
  return stepsOver(delta.length, stage);
}

/** What a step of a pruning search is for. */
export interface PruningMoment {
  /** Number of the round, from 0. */
  readonly round: number;
  /** Whether it trains the modules, or takes their saliencies. */
  readonly trains: boolean;
  /** How many of the steps before were alike. */
  readonly before: number;
  /** Whether the round ends with it, and modules are closed. */
  readonly prunes: boolean;
}

/** Share of a round's steps that take saliencies: one batch says little of a module that a few words make matter. */
const scoringShare = 0.25;

/** Rounds of equal lengths over so many steps; each has a step at least that trains, and one that scores. */
export function planRounds(steps: number, wanted: number): readonly PruningMoment[] {
  const rounds = Math.max(1, Math.min(wanted, Math.floor(steps / 2)));
  let trained = 0;
  return Array.from({ length: steps }, (_, step) => {
    const round = Math.floor((step * rounds) / steps);
    const [begin, end] = [round, round + 1].map(each => Math.ceil((each * steps) / rounds)) as [number, number];
    const trains = step < end - Math.max(1, Math.round(scoringShare * (end - begin)));
    const before = trains ? trained : step - trained;
    if (trains) trained += 1;
    return { round, trains, before, prunes: step === end - 1 };
  });
}

/** How many rounds these moments make. */
const countRounds = (moments: readonly PruningMoment[]): number => moments.at(-1)!.round + 1;

/**
 * Parameters that may stay open after a round: from all to the budget by equal factors, so that each round closes the
 * same share of what is left.
 */
export function openAfter(round: number, rounds: number, { all, budget }: { all: number; budget: number }): number {
  return round + 1 === rounds ? budget : all * (budget / all) ** ((round + 1) / rounds);
}

/**
 * Closes the modules of the least saliency, in place.
 * @param gates 1 for each module that is open, 0 for the closed ones
 * @param saliency of each module in this round; that of a closed one is not read
 * @returns those that were closed, the most salient first
 */
export function pruneModules(
  gates: Float32Array,
  saliency: ArrayLike<number>,
  modules: readonly Cost[],
  options: BudgetOptions,
): number[] {
  const kept = chooseStructure(saliency, modules, { ...options, closed: Array.from(gates, gate => gate === 0) });
  const pruned = kept.flatMap((is, i) => (!is && gates[i] === 1 ? [i] : []));
  for (const i of pruned) gates[i] = 0;
  return pruned.sort((a, b) => saliency[b]! - saliency[a]! || a - b);
}
