import type { z } from 'zod';
import { key, keyWithDefault, positiveInteger } from '../../../core/checked-values.ts';
import { DivergedError } from '../../../core/errors.ts';
import { headsOf } from '../../../core/program.ts';
import type { DeltaModule } from '../../../core/site.ts';
import type { FinalistRecord } from '../../../structure/structure-file.ts';
import type { LoopContext } from '../../../training/loop.ts';
import { atOneRate } from '../../../training/rates.ts';
import { countEvaluations, type StageCost, stepsOver, tuneStream } from '../../../training/stage.ts';
import { resumeSeries } from '../../../training/stage-series.ts';
import { type TuneResult, tune } from '../../../training/tune-program.ts';
import type { Compile, CompiledModules, SearchEvent, SearchProblem, SearchResult } from '../strategy.ts';
import { type Finalist, listFinalists, ownAnswer, worthOf } from './finalists.ts';

/** The last round's trainings are a twenty-fourth of a re-training, those of each round before half as long. */
const lastRoundShare = 1 / 24;
/**
 * At least as many steps where a head is trained as well: it is the first to learn, and until the modules follow, all
 * structures are alike (docs/measured/encoders.md).
 */
const fewestBesideHead = 50;
/** Validation examples that tell the loss of a short training closely enough to reject it. */
const lookedAt = 400;

/** Keys of a strategy that lets short trainings have the last word. */
export const lastWordKeys = {
  // Measured in docs/measured/found-or-random.md: searches err between roles, and held-out loss tells that early.
  finalists: keyWithDefault(
    positiveInteger.max(256),
    5,
    "structures that are trained for short at the search's end, the one with the least validation loss being found: " +
      'its answer, what it keeps without the roles that it spends most on and after LoRA on values, random ones; 1 ' +
      'takes its answer as it is',
    { hint: 'N' },
  ),
  'finalist-steps': key(
    positiveInteger,
    'steps of the last round of these trainings, which two of them reach; those of each round before have half as ' +
      'many (default: a twenty-fourth of the training, 50 at least for a model with a head)',
    { hint: 'N' },
  ),
};

type LastWordOptions = z.output<z.ZodObject<typeof lastWordKeys>>;

/** A search before its last word. */
interface FirstWord {
  /** What it computes; undefined where there is nothing to be searched, and nothing to be said after it. */
  readonly cost: StageCost | undefined;
  search(compile: Compile, context: LoopContext): AsyncGenerator<SearchEvent, SearchResult>;
}

/** What a search costs whose finalists are trained afterwards. */
export function costWithLastWord(
  problem: SearchProblem,
  options: LastWordOptions,
  cost: StageCost | undefined,
): StageCost | undefined {
  if (cost === undefined || options.finalists < 2) return cost;
  const rounds = planRounds(problem, options);
  const trained = rounds.reduce((sum, { size, steps }) => sum + size * steps, 0);
  const steps = cost.steps + trained;
  // One kind of step stands for all, of the mean cost. All of the candidates take the most memory.
  const evaluations = (countEvaluations(cost) + trained) / steps;
  return {
    ...{ modules: cost.modules, arrays: cost.arrays, curvature: cost.curvature, steps },
    validations: cost.validations + rounds.reduce((sum, { size }) => sum + size, 0),
    batches: [{ examples: problem.examples, stream: tuneStream, evaluations }],
  };
}

/**
 * A search that does not return what a cheap look would reject: its answer, what it would keep without the roles that
 * it spends most on, what it would keep after LoRA on values, and random draws are trained for short and judged by
 * validation loss; the better half is trained twice as long, until one is left (successive halving: Jamieson and
 * Talwalkar, AISTATS 2016).
 */
export async function* withLastWord(
  problem: SearchProblem,
  options: LastWordOptions,
  compile: Compile,
  context: LoopContext,
  { cost, search }: FirstWord,
): AsyncGenerator<SearchEvent, SearchResult> {
  if (cost === undefined || options.finalists < 2) return yield* search(compile, context);
  const { candidates, budget, keepInert, tuning } = problem;
  const rounds = planRounds(problem, options);
  const steps = costWithLastWord(problem, options, cost)!.steps;

  // All that outlives a stage is in arrays and notes, which are saved with the state of the one at work.
  const [worth, p, earlier] = [0, 1, 2].map(() => new Float64Array(candidates.length).fill(Number.NaN)) as Three;
  const closed = new Float64Array(candidates.length);
  // One that is not trained yet, or diverged, has no loss to win by.
  const losses = new Float64Array(rounds.length * options.finalists).fill(Number.POSITIVE_INFINITY);
  // Not known until the search has trained them. A model without any saves none.
  const heads = new Float32Array(problem.headSize).fill(Number.NaN);
  const spent = { steps: new Float64Array(1), evaluations: new Float64Array(1), seconds: new Float64Array(1) };
  const notes = { warnings: [] as readonly string[], score: undefined as number | undefined };
  const shared = { worth, p, earlier, closed, losses, ...(heads.length > 0 && { heads }), ...spent };
  const series = await resumeSeries(context.checkpoint, shared, notes);
  const contextOf = (stage: number) => {
    const checkpoint = series.storeOf(stage);
    return { ...context, ...(checkpoint && { checkpoint }) };
  };
  const spend = (of: Pick<SearchResult, 'steps' | 'evaluations' | 'seconds'>) => {
    for (const key of ['steps', 'evaluations', 'seconds'] as const) spent[key][0]! += of[key];
  };

  if (series.begin === 0) {
    const own = releasable(compile);
    const found = yield* firstWord(search(own.compile, contextOf(0)), {
      half: Math.ceil(cost.steps / 2),
      steps,
      earlier,
    });
    worth.set(found.worth);
    if (found.probabilities) p.set(found.probabilities);
    if (found.heads) heads.set(found.heads);
    if (found.closed) closed.set(found.closed.map(Number));
    Object.assign(notes, { warnings: found.warnings, score: found.score });
    spend(found);
    await own.release();
  }

  const isClosed = Array.from(closed, value => value === 1);
  const limits = { candidates, budget, keepInert, closed: isClosed };
  let running = listFinalists(options.finalists, { ...limits, worth, earlier, seed: tuning.seed });
  const entered = candidates.filter((_, i) => running.some(({ kept }) => kept[i]));
  const atTheirRate = { ...problem, tuning: atOneRate(tuning, entered) };
  const standings: Standing[] = [];
  let stage = 0;
  let done = cost.steps;
  let divergence: DivergedError | undefined;
  for (const [round, { steps: length }] of rounds.entries()) {
    if (running.length < 2) break;
    const judged = losses.subarray(round * options.finalists, round * options.finalists + running.length);
    for (const [place, { kept }] of running.entries()) {
      stage += 1;
      if (series.begin <= stage) {
        const compiled = await compile(candidates.filter((_, i) => kept[i]));
        try {
          const trained = yield* counted(trainFor(atTheirRate, length, withHeads(compiled, heads), contextOf(stage)), {
            done,
            steps,
          });
          judged[place] = -trained.score;
          spend(trained);
        } catch (error) {
          if (!(error instanceof DivergedError)) throw error;
          divergence = error;
        } finally {
          await compiled.release();
        }
      }
      done += length;
    }
    const order = running.map((_, i) => i).sort((a, b) => judged[a]! - judged[b]! || a - b);
    if (judged[order[0]!] === Number.POSITIVE_INFINITY) throw divergence ?? noLoss();
    const ranked = order.map(i => ({ ...running[i]!, loss: judged[i]! }));
    standings.push({ steps: length, ranked });
    running = ranked.slice(0, betterHalf(ranked.length));
  }

  const [winner] = running as [Finalist];
  const isOwn = winner.from === ownAnswer;
  return {
    worth: isOwn ? worth : worthOf(winner, worth),
    ...(!p.every(Number.isNaN) && { probabilities: p }),
    ...(isClosed.includes(true) && { closed: isClosed }),
    ...(standings.length > 0 && { finalists: recordsOf(standings) }),
    ...(isOwn && notes.score !== undefined && { score: notes.score }),
    ...{ steps: spent.steps[0]!, evaluations: spent.evaluations[0]!, seconds: spent.seconds[0]! },
    warnings: [...notes.warnings, ...(isOwn ? [] : [overruled(recordsOf(standings))])],
  };
}

type Three = [Float64Array, Float64Array, Float64Array];

interface Round {
  readonly size: number;
  /** Of each training. */
  readonly steps: number;
}

/** How the finalists of a round stood at its end, the best first. */
interface Standing {
  readonly steps: number;
  readonly ranked: readonly (Finalist & { readonly loss: number })[];
}

/** As many as there may be finalists, and half of them while there is a choice. */
function planRounds({ examples, tuning, headSize }: SearchProblem, options: LastWordOptions): Round[] {
  const longest = stepsOver(examples.length, tuning);
  const usual = Math.max(Math.round(lastRoundShare * longest), headSize > 0 ? fewestBesideHead : 1);
  const last = Math.min(longest, options['finalist-steps'] ?? usual);
  const sizes = [options.finalists];
  while (sizes.at(-1)! > 2) sizes.push(betterHalf(sizes.at(-1)!));
  const atRound = (round: number) => Math.max(1, Math.round(last / 2 ** (sizes.length - 1 - round)));
  return sizes.map((size, round) => ({ size, steps: atRound(round) }));
}

/** How many of a round go on: half of them, of an odd number the smaller; two while there is a choice. */
const betterHalf = (size: number) => (size > 2 ? Math.max(2, Math.floor(size / 2)) : 1);

/**
 * Modules beside heads that the search has trained. Beside fresh ones a short training tells little: the head learns
 * first, and until then all structures are alike (docs/measured/encoders.md).
 */
function withHeads(compiled: CompiledModules, heads: Float32Array): CompiledModules {
  if (heads.length === 0 || Number.isNaN(heads[0])) return compiled;
  const initialDelta = compiled.initialDelta.slice();
  headsOf(compiled.program.layout, initialDelta).set(heads);
  return { ...compiled, initialDelta };
}

/** A training of so many steps, whose score is minus validation's loss. */
function trainFor(
  { examples, tuning }: SearchProblem,
  steps: number,
  { program, initialDelta, validationLoss }: CompiledModules,
  context: LoopContext,
): AsyncGenerator<SearchEvent, TuneResult> {
  const evaluate = async (delta: Float32Array) => -(await validationLoss(delta, undefined, lookedAt));
  return tune(
    { program, examples, initialDelta, evaluate },
    { ...tuning, maxSteps: steps, evaluateEvery: steps },
    context,
  );
}

/** The search's own events, of all the steps there are to come; at half of its own, what it thinks is noted. */
async function* firstWord<Result>(
  events: AsyncGenerator<SearchEvent, Result>,
  { half, steps, earlier }: { readonly half: number; readonly steps: number; readonly earlier: Float64Array },
): AsyncGenerator<SearchEvent, Result> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    const { value } = next;
    const opinion = value.type === 'step' && value.step === half ? (value.worth ?? value.probabilities) : undefined;
    if (opinion !== undefined) earlier.set(opinion);
    yield { ...value, steps };
  }
}

/**
 * The steps of a training counted on over all of them. Its evaluations are not told: they are losses, and what a search
 * tells are scores.
 */
async function* counted<Result>(
  events: AsyncGenerator<SearchEvent, Result>,
  { done, steps }: { readonly done: number; readonly steps: number },
): AsyncGenerator<SearchEvent, Result> {
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    if (next.value.type === 'step') yield { ...next.value, evaluates: false, step: done + next.value.step, steps };
  }
}

/** A way to compile whose programs can be given back by who did not compile them. */
function releasable(compile: Compile): { readonly compile: Compile; release(): Promise<void> } {
  const open: CompiledModules[] = [];
  return {
    async compile(modules: readonly DeltaModule[]) {
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
  return new DivergedError('the validation loss of every finalist is no number', {
    code: 'diverged',
    remedy: 'lower the learning rate, or give `--finalists 1`',
  });
}

/** Every finalist by the last round that it reached, the best of the last round first: it is what was found. */
function recordsOf(standings: readonly Standing[]): FinalistRecord[] {
  const records = new Map<string, Omit<FinalistRecord, 'found'>>();
  for (const { steps, ranked } of standings.toReversed()) {
    for (const { from: name, loss } of ranked) {
      if (!records.has(name)) records.set(name, { name, steps, loss: Number.isFinite(loss) ? loss : null });
    }
  }
  return [...records.values()].map((record, place) => ({ ...record, found: place === 0 }));
}

/** Why the structure is not the search's own answer. */
function overruled(finalists: readonly FinalistRecord[]): string {
  const own = finalists.find(({ name }) => name === ownAnswer)!;
  const [found] = finalists as [FinalistRecord];
  const told = ({ steps, loss }: FinalistRecord) =>
    `${loss?.toPrecision(3) ?? 'none, as it diverged,'} after ${steps} steps`;
  return (
    `Short trainings overruled the search: kept is ${found.name}, with a validation loss of ${told(found)}; ` +
    `${ownAnswer} had ${told(own)}.`
  );
}
