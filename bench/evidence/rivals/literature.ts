import { builtIn, definePlugin, extend } from '../../../src/index.ts';
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
import { gradientNorm } from './gradient-norm.ts';
import { prune } from './prune.ts';
import { randomRace } from './random-race.ts';
import { rival } from './rival.ts';

/** Rivals from the literature, written from their papers' equations, at the rate that suits what is open here. */

/** Open and trainable: what every rival begins with. */
async function start({ candidates, stage }: SearchProblem, compile: Compile) {
  const { program: compiled, initialDelta } = await compile(candidates);
  const program = withMicroBatches(compiled, stage.microBatch);
  const delta = initialDelta.slice();
  const counts = candidates.map(({ parameters }) => parameters);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return { program, delta, moments: createMoments(delta), counts, all, steps: stage.maxSteps! };
}

/** One step of AdamW at the rate for what the gates leave open. */
function train(
  { delta, moments, counts, steps }: Awaited<ReturnType<typeof start>>,
  { stage, budget }: SearchProblem,
  gradient: Float32Array,
  gates: Float32Array,
  step: number,
): void {
  checkFinite(clipNorm(gradient, stage.clipNorm), step);
  const open = gates.reduce((sum, gate, i) => sum + gate * counts[i]!, 0);
  const learningRate = linearDecay(stage.learningRate, step, steps) * shareOfOpen(open, budget);
  adamwStep(delta, gradient, moments, { learningRate, step: step + 1 });
}

/** Steps over which what would be kept must stay as it is before the rest is closed. */
const STABLE = 5;
const ALPHA_RATE = 0.1;
/** Of the history of σ(α). */
const BETA = 0.85;

/**
 * BIPEFT (Chang et al. 2024), its search of positions: each candidate has a gate of its own, σ(α), no budget is shared, and
 * modules and α are trained in turn on halves of the data. Early selection: when the half that would be kept by the
 * history of σ(α) has been stable, or a share of the steps is over, the rest is closed, until the budget is reached.
 */
async function biPeft(problem: SearchProblem, compile: Compile): Promise<SearchResult> {
  const { candidates, budget, keepInert, examples, stage } = problem;
  const begun = await start(problem, compile);
  const { program, delta, all, steps } = begun;
  const { batchSize, seed } = stage;
  const halves = splitHalves(examples, seed);
  const weights = createBatchCursor(halves.delta, { batchSize, seed, stream: 'bipeft/delta' });
  const positions = createBatchCursor(halves.alpha, { batchSize, seed, stream: 'bipeft/alpha' });
  const alpha = new Float64Array(candidates.length);
  const alphaMoments = createMoments(alpha);
  const isOpen = candidates.map(() => true);
  const history = new Float64Array(candidates.length).fill(0.5);
  const phases = Math.ceil(Math.log2(all / budget));
  let [allowed, stableFor, since, before] = [all, 0, 0, ''];
  const began = performance.now();
  for (let step = 0; step < steps; step++) {
    const gates = Float32Array.from(alpha, (a, i) => (isOpen[i] ? 1 / (1 + Math.exp(-a)) : 0));
    train(begun, problem, (await program.lossAndGradients(weights.batch(step), delta, gates)).delta, gates, step);
    const { gates: slopes } = await program.lossAndGradients(positions.batch(step), delta, gates);
    const gradient = Float64Array.from(slopes, (slope, i) => slope * gates[i]! * (1 - gates[i]!));
    adamwStep(alpha, gradient, alphaMoments, { learningRate: linearDecay(ALPHA_RATE, step, steps), step: step + 1 });
    for (const [i, gate] of gates.entries()) history[i] = BETA * history[i]! + (1 - BETA) * gate;
    const next = Math.max(budget, allowed / 2);
    const closed = isOpen.map(is => !is);
    const kept = chooseStructure(history, candidates, { budget: next, keepInert, closed });
    stableFor = kept.join() === before ? stableFor + 1 : 0;
    [before, since] = [kept.join(), since + 1];
    if (allowed > budget && (stableFor >= STABLE || since >= steps / (phases + 1))) {
      for (const [i, is] of kept.entries()) isOpen[i] = is;
      [allowed, stableFor, since] = [next, 0, 0];
    }
  }
  const worth = history.map((value, i) => (isOpen[i] ? 1 + value : value));
  const seconds = (performance.now() - began) / 1000;
  return { worth, steps, evaluations: 2 * steps, seconds, warnings: [] };
}

/** The program's names with theirs, and with those that it had. */
export const withLiterature = extend(builtIn, [
  definePlugin({
    name: 'literature',
    strategies: [
      gradientNorm,
      prune,
      randomRace,
      rival('bipeft-like', 'BIPEFT-like', 'gates of their own, closed early where they are stable', biPeft),
    ],
  }),
]);
