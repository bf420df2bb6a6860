import { z } from 'zod';
import { key, trainingCount } from '../../core/checked-values.ts';
import { DivergedError } from '../../core/errors.ts';
import { checkBudget } from '../../structure/budget.ts';
import { fewestDraws, randomStructure, randomWorth } from '../../structure/random-structure.ts';
import type { EvaluationEvent } from '../../training/loop.ts';
import { countEvaluations, type StageCost, tuneCost } from '../../training/stage.ts';
import { resumeSeries } from '../../training/stage-series.ts';
import { type TuneResult, tune } from '../../training/tune-program.ts';
import { type Compile, defineStrategy, type SearchEvent, type SearchProblem } from './strategy.ts';

/**
 * The strong rival of every search: what it costs, spent on trainings of random structures, of which the one with the
 * least validation loss is taken.
 */
export const bestOfRandom = defineStrategy({
  name: 'best-of-random',
  label: 'best of random structures',
  description:
    'that of the least validation loss of as many random structures as can be trained at the cost of a search',
  options: z.object({
    draws: key(
      trainingCount,
      'random structures to train (default: as many as cost what the default strategy does, two at least)',
      {
        hint: 'N',
      },
    ),
  }),
  varied: ['draws'],

  cost(problem, { draws = affordableDraws(problem) }) {
    const each = costOfDraw(problem, 0);
    // One pass more a draw takes the loss.
    return { ...each, steps: draws * each.steps, validations: draws * (each.validations + 1) };
  },

  async *search(problem, { draws = affordableDraws(problem) }, compile, context) {
    const { candidates, budget, keepInert, tuning } = problem;
    checkBudget(candidates, { budget, keepInert });
    // One that diverges is out of the running.
    const scores = new Float64Array(draws).fill(Number.NEGATIVE_INFINITY);
    const losses = new Float64Array(draws).fill(Number.POSITIVE_INFINITY);
    const [seconds, evaluations] = [new Float64Array(draws), new Float64Array(draws)];
    const series = await resumeSeries(context.checkpoint, { scores, losses, seconds, evaluations });
    let divergence: DivergedError | undefined;
    for (let draw = series.begin; draw < draws; draw++) {
      const checkpoint = series.storeOf(draw);
      try {
        const tuned = yield* trainDraw(
          problem,
          draw,
          compile,
          { ...context, ...(checkpoint && { checkpoint }) },
          {
            draws,
            best: Math.max(...scores),
            seconds: sumOf(seconds),
          },
        );
        [scores[draw], seconds[draw], evaluations[draw]] = [tuned.score, tuned.seconds, tuned.evaluations];
        if (Number.isFinite(tuned.loss)) losses[draw] = tuned.loss;
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        divergence = error;
      }
    }
    const best = losses.indexOf(Math.min(...losses));
    if (divergence !== undefined && losses[best] === Number.POSITIVE_INFINITY) throw divergence;
    return {
      worth: randomWorth(candidates.length, { seed: tuning.seed, draw: best }),
      score: scores[best]!,
      steps: sumOf(evaluations),
      evaluations: sumOf(evaluations),
      seconds: sumOf(seconds),
      warnings: [],
    };
  },
});

/** Trainings that a search of the default strategy pays for. The one that follows every search comes on top. */
function affordableDraws(problem: SearchProblem): number {
  return Math.max(fewestDraws, Math.round(problem.usualEvaluations / countEvaluations(costOfDraw(problem, 0))));
}

function costOfDraw(problem: SearchProblem, draw: number): StageCost {
  return tuneCost(modulesOf(problem, draw), problem.examples, problem.tuning);
}

function modulesOf({ candidates, budget, keepInert, tuning: { seed } }: SearchProblem, draw: number) {
  const kept = randomStructure(candidates, { budget, keepInert, seed, draw });
  return candidates.filter((_, i) => kept[i]);
}

/** What all draws are told of those before. */
interface Standing {
  readonly draws: number;
  readonly best: number;
  readonly seconds: number;
}

/** One training, as that of a structure that was found; its events count on over all draws. */
async function* trainDraw(
  problem: SearchProblem,
  draw: number,
  compile: Compile,
  context: Parameters<typeof tune>[2],
  { draws, best, seconds }: Standing,
): AsyncGenerator<SearchEvent, TuneResult & { readonly loss: number }> {
  const { examples, tuning } = problem;
  const compiled = await compile(modulesOf(problem, draw));
  try {
    const { program, initialDelta, evaluate, validationLoss } = compiled;
    const events = tune({ program, examples, initialDelta, evaluate }, tuning, context);
    for (;;) {
      const next = await events.next();
      if (next.done) return { ...next.value, loss: await validationLoss(next.value.delta) };
      const { step, steps } = next.value;
      const counted = { step: draw * steps + step, steps: draws * steps };
      yield next.value.type === 'step'
        ? { ...next.value, ...counted }
        : { ...over(next.value, best, seconds), ...counted };
    }
  } finally {
    await compiled.release();
  }
}

const over = (event: EvaluationEvent, best: number, seconds: number): EvaluationEvent => ({
  ...event,
  best: Math.max(best, event.best),
  stageSeconds: seconds + event.stageSeconds,
});

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
