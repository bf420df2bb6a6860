import {
  adamwStep,
  chooseStructure,
  clipNorm,
  createMoments,
  linearDecay,
  withMicroBatches,
} from '../../../src/research.ts';
import { shareOfOpen } from '../../../src/search/strategies/bilevel/estimators.ts';
import { splitHalves } from '../../../src/search/strategies/bilevel/step-orders.ts';
import type { Compile, SearchProblem, SearchResult } from '../../../src/search/strategies/strategy.ts';
import { createBatchCursor } from '../../../src/training/step-batches.ts';
import { checkFinite } from '../../../src/training/steps.ts';
import { rival } from './rival.ts';

/** Rounds of training and pruning, each of which closes the same share of the parameters that are open. */
const ROUNDS = 6;
/** Share of a round's steps that take saliencies: one batch says little of a module that a few words make matter. */
const SCORING_SHARE = 0.25;

/**
 * Selection by removal, as PrunePEFT does (arXiv 2506.07587): all candidates are trained at once, and in rounds those
 * are closed whose removal the loss of other examples would notice least, by −∂L/∂z·z. A strategy of the program once;
 * `sensitivity` finds as much in half of the steps.
 */
export const prune = rival(
  'prune',
  'pruning by saliency',
  'all candidates trained at once, and in rounds those closed whose removal the loss would notice least',
  pruneAmong,
);

async function pruneAmong(problem: SearchProblem, compile: Compile): Promise<SearchResult> {
  const { candidates, budget, keepInert, examples, stage } = problem;
  const { seed, batchSize } = stage;
  const { program: compiled, initialDelta } = await compile(candidates);
  const program = withMicroBatches(compiled, stage.microBatch);
  const halves = splitHalves(examples, seed);
  const training = createBatchCursor(halves.delta, { batchSize, seed, stream: 'search/prune/train' });
  const scoring = createBatchCursor(halves.alpha, { batchSize, seed, stream: 'search/prune/score' });
  const steps = stage.maxSteps!;
  const all = candidates.reduce((sum, { parameters }) => sum + parameters, 0);
  const delta = initialDelta.slice();
  const moments = createMoments(delta);
  const gates = new Float32Array(candidates.length).fill(1);
  // A module that is closed stands above all that were closed before it, and those of a round by their saliency.
  const worth = new Float64Array(candidates.length);
  let [trained, scored, gone] = [0, 0, 0];
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const [begin, end] = [round, round + 1].map(each => Math.ceil((each * steps) / ROUNDS)) as [number, number];
    const firstScored = end - Math.max(1, Math.round(SCORING_SHARE * (end - begin)));
    const saliency = new Float64Array(candidates.length);
    for (let step = begin; step < end; step++) {
      const trains = step < firstScored;
      const batch = trains ? training.batch(trained) : scoring.batch(scored);
      const { delta: gradient, gates: slopes } = await program.lossAndGradients(batch, delta, gates);
      checkFinite(clipNorm(gradient, stage.clipNorm), step);
      if (trains) {
        const open = candidates.reduce((sum, { parameters }, i) => sum + gates[i]! * parameters, 0);
        const learningRate = linearDecay(stage.learningRate, step, steps) * shareOfOpen(open, budget);
        trained += 1;
        adamwStep(delta, gradient, moments, { learningRate, step: trained });
      } else {
        scored += 1;
        for (const [i, slope] of slopes.entries()) saliency[i]! -= slope * gates[i]!;
      }
    }
    const limit = round + 1 === ROUNDS ? budget : all * (budget / all) ** ((round + 1) / ROUNDS);
    const closed = Array.from(gates, gate => gate === 0);
    const kept = chooseStructure(saliency, candidates, { budget: limit, keepInert, closed });
    const byLeast = [...gates.keys()].filter(i => gates[i] === 1).sort((a, b) => saliency[a]! - saliency[b]! || b - a);
    for (const i of byLeast.filter(i => !kept[i])) {
      gates[i] = 0;
      worth[i] = ++gone;
    }
    if (round + 1 === ROUNDS) for (const i of byLeast.filter(i => kept[i])) worth[i] = ++gone;
  }
  const seconds = (performance.now() - began) / 1000;
  return { worth, steps, evaluations: steps, seconds, warnings: [] };
}
