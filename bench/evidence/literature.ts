import { z } from 'zod';
import { builtIn, definePlugin, extend } from '../../src/index.ts';
import {
  adamwStep,
  chooseStructure,
  clipNorm,
  createMoments,
  defineStrategy,
  linearDecay,
  withMicroBatches,
} from '../../src/research.ts';
import { fittingCandidates } from '../../src/search/strategies/bilevel/bilevel.ts';
import { shareOfOpen } from '../../src/search/strategies/bilevel/estimators.ts';
import { splitHalves } from '../../src/search/strategies/bilevel/step-orders.ts';
import type { Compile, SearchProblem, SearchResult } from '../../src/search/strategies/strategy.ts';
import { createBatchCursor } from '../../src/training/step-batches.ts';
import { checkFinite } from '../../src/training/steps.ts';
import { gradientNorm } from './gradient-norm.ts';

/** Rivals from the literature, written from their papers' equations, at the rate that suits what is open here. */

type Searching = (problem: SearchProblem, compile: Compile) => Promise<SearchResult>;

const rival = (name: string, label: string, description: string, search: Searching) =>
  defineStrategy({
    ...{ name, label, description, options: z.object({}), varied: [], cost: () => undefined },
    async *search(whole, _, compile) {
      const { problem, widen } = fittingCandidates(whole);
      async function* quietly() {
        yield* [];
        return await search(problem, compile);
      }
      return yield* widen(quietly());
    },
  });

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

/** Of both moving averages of AdaLoRA's sensitivity, its equations (9) and (10). */
const BETA = 0.85;
/** Shares of the steps before its budget falls, and after it has. */
const [BEFORE, AFTER] = [0.1, 0.2];

/**
 * AdaLoRA (Zhang et al., ICLR 2023) on any candidates: all are trained at once, and the budget falls to its end by a cubic
 * schedule (equation 13); what is open are those of the largest importance, the mean over a module's parameters of
 * Ī · Ū, where I = |w ∂L/∂w| (equation 8), and that of its gate, which stands for a singular value.
 */
async function adaLora(problem: SearchProblem, compile: Compile): Promise<SearchResult> {
  const { candidates, budget, keepInert, examples, stage } = problem;
  const begun = await start(problem, compile);
  const { program, delta, all, steps } = begun;
  const cursor = createBatchCursor(examples, { batchSize: stage.batchSize, seed: stage.seed, stream: 'adalora' });
  const gates = new Float32Array(candidates.length).fill(1);
  const [sensitivity, uncertainty] = [averages(delta.length), averages(delta.length)];
  const [ofGates, ofGatesUncertain] = [averages(gates.length), averages(gates.length)];
  let importance = new Float64Array(candidates.length);
  const began = performance.now();
  for (let step = 0; step < steps; step++) {
    const result = await program.lossAndGradients(cursor.batch(step), delta, gates);
    update(sensitivity, uncertainty, i => Math.abs(delta[i]! * result.delta[i]!));
    update(ofGates, ofGatesUncertain, i => Math.abs(gates[i]! * result.gates[i]!));
    importance = Float64Array.from(program.layout.modules, ({ parameters }, i) => {
      const [sum, count] = parameters.reduce(
        ([total, size], { offset, size: own }) => {
          let part = 0;
          for (let at = offset; at < offset + own; at++) part += sensitivity[at]! * uncertainty[at]!;
          return [total + part, size + own];
        },
        [0, 0] as [number, number],
      );
      return sum / count + ofGates[i]! * ofGatesUncertain[i]!;
    });
    train(begun, problem, result.delta, gates, step);
    const share = Math.min(1, Math.max(0, (step / steps - BEFORE) / (1 - BEFORE - AFTER)));
    const allowed = budget + (all - budget) * (1 - share) ** 3;
    const open = chooseStructure(importance, candidates, { budget: allowed, keepInert });
    for (const [i, is] of open.entries()) gates[i] = Number(is);
  }
  const seconds = (performance.now() - began) / 1000;
  return { worth: importance, steps, evaluations: steps, seconds, warnings: [] };
}

const averages = (length: number) => new Float64Array(length);

/** Ī ← β Ī + (1 − β) I and Ū ← β Ū + (1 − β) |I − Ī|. */
function update(mean: Float64Array, deviation: Float64Array, value: (index: number) => number): void {
  for (let i = 0; i < mean.length; i++) {
    const now = value(i);
    mean[i] = BETA * mean[i]! + (1 - BETA) * now;
    deviation[i] = BETA * deviation[i]! + (1 - BETA) * Math.abs(now - mean[i]!);
  }
}

/** Steps over which what would be kept must stay as it is before the rest is closed. */
const STABLE = 5;
const ALPHA_RATE = 0.1;

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

/** The program's names with theirs, and with one that it had. */
export const withLiterature = extend(builtIn, [
  definePlugin({
    name: 'literature',
    strategies: [
      rival('adalora-like', 'AdaLoRA-like', 'rank sharing by sensitivity, on any candidates', adaLora),
      gradientNorm,
      rival('bipeft-like', 'BIPEFT-like', 'gates of their own, closed early where they are stable', biPeft),
    ],
  }),
]);
