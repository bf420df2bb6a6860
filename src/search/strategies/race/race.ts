import { z } from 'zod';
import { key, keyWithDefault } from '../../../core/checked-values.ts';
import { DivergedError } from '../../../core/errors.ts';
import type { EncodedExample } from '../../../core/program.ts';
import { batchesPerEpoch } from '../../../data/batches.ts';
import { checkBudget } from '../../../structure/budget.ts';
import { countEvaluations, type StageConfig, tuneStream } from '../../../training/stage.ts';
import { resumeSeries } from '../../../training/stage-series.ts';
import { meanLoss } from '../../../training/step-batches.ts';
import { countSteps } from '../../../training/steps.ts';
import { type TuneResult, tune } from '../../../training/tune-program.ts';
import { bilevel, fittingCandidates, searchOptions } from '../bilevel/bilevel.ts';
import { firstOrder } from '../bilevel/bilevel-options.ts';
import { biLevelSearch } from '../bilevel/bilevel-search.ts';
import { splitHalves } from '../bilevel/step-orders.ts';
import { gradientNorm } from '../gradient-norm.ts';
import {
  type Compile,
  type CompiledModules,
  defineStrategy,
  type SearchEvent,
  type SearchProblem,
  type SearchResult,
} from '../strategy.ts';
import { type Entrant, holdOut, listEntrants, worthOfEntrant } from './entrants.ts';

/** Of the steps that a search by `bilevel` has, a quarter tells as much (docs/measured/search-rates.md). */
const searchShare = 0.25;
/** The last round's trainings are a quarter of a re-training, those of each round before half as long. */
const lastRoundShare = 0.25;

const options = z.object({
  entrants: keyWithDefault(z.coerce.number().int().min(2).max(256), 8, 'structures that run in the race', {
    hint: 'N',
  }),
  'race-steps': key(
    z.coerce.number().int().positive(),
    'steps of the trainings of the last round; those of each round before have half as many (default: a quarter ' +
      'of the training)',
    { hint: 'N' },
  ),
});

type RaceOptions = z.output<typeof options>;

/**
 * A search that does not return what a cheap look would reject: a short bi-level search, its runners-up and
 * earlier answer, the largest gradients and random draws are trained for short and judged by their loss on held-out
 * examples; the better half is trained twice as long, until one is left (successive halving: Jamieson and Talwalkar,
 * AISTATS 2016).
 */
export const race = defineStrategy({
  name: 'race',
  label: 'race',
  description:
    'a short bi-level search, its runners-up and earlier answer, the largest gradients and random structures, ' +
    'trained for short and halved by held-out loss',
  options,
  varied: ['entrants'],

  async check(problem, options) {
    planOf(problem, options);
  },

  cost(problem, options) {
    const plan = planOf(problem, options);
    if (plan === undefined) return undefined;
    const { steps, evaluations, looks } = plan;
    // All of the candidates take the most memory; what is trained afterwards is smaller.
    return {
      modules: problem.candidates,
      steps: evaluations,
      validations: looks,
      batches: [{ examples: problem.examples, stream: tuneStream, evaluations: steps > 0 ? 1 : 0 }],
      arrays: 5,
      curvature: false,
    };
  },

  async *search(problem, options, compile, context) {
    const { candidates, budget, keepInert, tuning } = problem;
    checkBudget(candidates, { budget, keepInert });
    const plan = planOf(problem, options);
    if (plan === undefined) return yield* bilevel.search(problem, firstOrder, compile, context);

    const { held, inner } = plan;
    const alpha = new Float64Array(candidates.length);
    const earlier = new Float64Array(candidates.length);
    const gradient = new Float64Array(candidates.length);
    // One that is not trained yet, or diverged, has no loss to win by.
    const losses = new Float64Array(plan.rounds.length * options.entrants).fill(Number.POSITIVE_INFINITY);
    const [seconds, evaluations] = [new Float64Array(1), new Float64Array(1)];
    const series = await resumeSeries(context.checkpoint, { alpha, earlier, gradient, losses, seconds, evaluations });
    let stage = 0;
    const contextOf = (number: number) => {
      const checkpoint = series.storeOf(number);
      return { ...context, ...(checkpoint && { checkpoint }) };
    };
    const counter = { done: 0, steps: plan.steps };
    const spend = (of: Pick<SearchResult, 'seconds' | 'evaluations'>) => {
      seconds[0]! += of.seconds;
      evaluations[0]! += of.evaluations;
    };

    if (series.begin <= stage) {
      const { problem: fitting, widen } = fittingCandidates(inner);
      const compiled = await compile(fitting.candidates);
      const searching = widen(shortSearch(fitting, held, compiled, contextOf(stage)));
      const found = yield* counted(counter, noting(searching, Math.ceil(plan.searchSteps / 2), earlier));
      alpha.set(found.worth);
      spend(found);
      await compiled.release();
    }
    counter.done = plan.searchSteps;
    stage += 1;
    if (series.begin <= stage) {
      const releasing = releasable(compile);
      const found = yield* counted(
        counter,
        gradientNorm.search(inner, gradientOptions, releasing.compile, contextOf(stage)),
      );
      gradient.set(found.worth);
      spend(found);
      await releasing.release();
    }
    counter.done = plan.searchSteps + plan.gradientSteps;

    let running = listEntrants(options.entrants, {
      candidates,
      alpha,
      earlier,
      gradient,
      budget,
      keepInert,
      seed: tuning.seed,
    });
    let last: Entrant[] = [];
    let judged = losses.subarray(0, 0);
    let divergence: DivergedError | undefined;
    for (const [round, { steps }] of plan.rounds.entries()) {
      if (running.length < 2) break;
      judged = losses.subarray(round * options.entrants, round * options.entrants + running.length);
      for (const [place, entrant] of running.entries()) {
        stage += 1;
        if (series.begin <= stage) {
          const modules = candidates.filter((_, i) => entrant.kept[i]);
          try {
            const worth = worthOfEntrant(running[0]!, alpha);
            const trained = yield* counted(
              counter,
              trainFor(steps, inner, held, await compile(modules), contextOf(stage)),
              worth,
            );
            judged[place] = -trained.score;
            spend(trained);
          } catch (error) {
            if (!(error instanceof DivergedError)) throw error;
            divergence = error;
          }
        }
        counter.done += steps;
      }
      const order = running.map((_, i) => i).sort((a, b) => judged[a]! - judged[b]! || a - b);
      if (judged[order[0]!] === Number.POSITIVE_INFINITY) throw divergence ?? noLoss();
      last = order.map(i => running[i]!);
      judged = Float64Array.from(order, i => judged[i]!);
      running = last.slice(0, Math.ceil(last.length / 2));
    }
    const [winner] = running as [Entrant];
    return {
      worth: worthOfEntrant(winner, alpha),
      steps: counter.done,
      evaluations: evaluations[0]!,
      seconds: seconds[0]!,
      warnings: [raceSentence(last, judged)],
    };
  },
});

const gradientOptions = gradientNorm.options.parse({});

interface Round {
  readonly size: number;
  /** Of each training. */
  readonly steps: number;
}

interface RacePlan {
  readonly held: readonly EncodedExample[];
  /** The problem without what is held out, its search shortened. */
  readonly inner: SearchProblem;
  readonly rounds: readonly Round[];
  readonly searchSteps: number;
  readonly gradientSteps: number;
  /** Steps in all, and their losses with gradients. */
  readonly steps: number;
  readonly evaluations: number;
  /** Passes over the held-out examples. */
  readonly looks: number;
}

/** What a race will do; undefined where the budget holds everything and nothing is to be raced. */
function planOf(problem: SearchProblem, { entrants, 'race-steps': raceSteps }: RaceOptions): RacePlan | undefined {
  const { budget, examples, stage, tuning } = problem;
  const { candidates } = fittingCandidates(problem).problem;
  if (candidates.reduce((sum, { parameters }) => sum + parameters, 0) <= budget) return undefined;
  const { held, rest } = holdOut(examples, tuning.seed);
  const all = stepsOf(splitHalves(rest, stage.seed).delta.length, stage);
  const searchSteps = Math.max(1, Math.ceil(searchShare * all));
  const inner = { ...problem, examples: rest, stage: { ...stage, maxSteps: searchSteps } };
  const gradientSteps = gradientNorm.cost({ ...inner }, gradientOptions)!.steps;
  const longest = stepsOf(rest.length, tuning);
  const lastSteps = Math.min(longest, raceSteps ?? Math.max(1, Math.round(lastRoundShare * longest)));
  const sizes = [entrants];
  while (sizes.at(-1)! > 2) sizes.push(Math.ceil(sizes.at(-1)! / 2));
  const rounds = sizes.map((size, round) => ({
    size,
    steps: Math.max(1, Math.round(lastSteps / 2 ** (sizes.length - 1 - round))),
  }));
  const raced = rounds.reduce((sum, { size, steps }) => sum + size * steps, 0);
  const searchCost = countEvaluations(bilevel.cost(inner, firstOrder));
  return {
    ...{ held, inner, rounds, searchSteps, gradientSteps },
    steps: searchSteps + gradientSteps + raced,
    evaluations: searchCost + gradientSteps + raced,
    looks: Math.ceil(searchSteps / stage.evaluateEvery) + sizes.reduce((sum, size) => sum + size, 0),
  };
}

function stepsOf(examples: number, { batchSize, epochs, maxSteps }: StageConfig): number {
  return countSteps(batchesPerEpoch(examples, batchSize), epochs, maxSteps);
}

/** A bi-level search whose best moment is that of the least held-out loss. */
function shortSearch(
  problem: SearchProblem,
  held: readonly EncodedExample[],
  { program, initialDelta }: CompiledModules,
  context: Parameters<typeof biLevelSearch>[2],
) {
  const halves = splitHalves(problem.examples, problem.stage.seed);
  return biLevelSearch(
    {
      ...{ program, initialDelta, deltaExamples: halves.delta, alphaExamples: halves.alpha },
      evaluate: async (delta, gates) => -(await meanLoss(program, held, { delta, gates }, judging(problem, context))),
    },
    searchOptions(problem, firstOrder),
    context,
  );
}

/** A search of whose step it is noted how likely each candidate is to be kept. */
async function* noting<Result>(
  events: AsyncGenerator<SearchEvent, Result>,
  at: number,
  into: Float64Array,
): AsyncGenerator<SearchEvent, Result> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    const { value } = next;
    if (value.type === 'step' && value.step === at && value.probabilities) into.set(value.probabilities);
    yield value;
  }
}

/** A training of so many steps, as that of what is found but for its length, whose score is minus the held-out loss. */
async function* trainFor(
  steps: number,
  { examples, tuning, stage }: SearchProblem,
  held: readonly EncodedExample[],
  { program, initialDelta, release }: CompiledModules,
  context: NonNullable<Parameters<typeof tune>[2]>,
): AsyncGenerator<SearchEvent, TuneResult> {
  try {
    return yield* tune(
      {
        ...{ program, examples, initialDelta },
        evaluate: async delta => -(await meanLoss(program, held, { delta }, judging({ stage }, context))),
      },
      { ...tuning, maxSteps: steps, evaluateEvery: steps },
      context,
    );
  } finally {
    await release();
  }
}

function judging({ stage }: Pick<SearchProblem, 'stage'>, context: { readonly signal?: AbortSignal } = {}) {
  const { signal } = context;
  return { batchSize: stage.batchSize, ...(signal && { signal }) };
}

/**
 * The steps of a stage counted on over all of them. Its evaluations are not told: they are losses, and what a search
 * tells are scores.
 * @param worth what candidates are worth by what is known so far
 */
async function* counted<Result>(
  { done, steps }: { readonly done: number; readonly steps: number },
  events: AsyncGenerator<SearchEvent, Result>,
  worth?: Float64Array,
): AsyncGenerator<SearchEvent, Result> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    if (next.value.type !== 'step') continue;
    const { probabilities: _, worth: __, ...step } = next.value;
    yield { ...step, step: done + step.step, steps, ...(worth && { worth }) };
  }
}

/** A way to compile whose programs can be given back by who did not compile them. */
function releasable(compile: Compile): { readonly compile: Compile; release(): Promise<void> } {
  const open: CompiledModules[] = [];
  return {
    async compile(modules) {
      const compiled = await compile(modules);
      open.push(compiled);
      return compiled;
    },
    async release() {
      for (const compiled of open) await compiled.release();
    },
  };
}

function noLoss(): DivergedError {
  return new DivergedError('the held-out loss of every structure in the race is no number', {
    code: 'diverged',
    remedy: 'lower the learning rate',
  });
}

/** Who won, and by how much. */
function raceSentence([winner, second]: readonly Entrant[], losses: ArrayLike<number>): string {
  if (winner === undefined) return 'The budget leaves one structure: there was no race.';
  if (second === undefined) return `The race was won by what came of ${winner.from}.`;
  const [first, next] = [losses[0]!, losses[1]!].map(loss => loss.toPrecision(3));
  return (
    `The race was won by what came of ${winner.from}, with a held-out loss of ${first} after its last ` +
    `training; what came of ${second.from} had ${next}.`
  );
}
