import { plural, score } from '../core/format.ts';
import { shownDifference } from '../core/shown-effects.ts';
import {
  expectedMaximum,
  mean,
  type SpreadEstimate,
  type VarianceComponents,
  varianceComponents,
} from '../core/statistics.ts';
import { scaleOf } from '../metrics/metrics.ts';
import type { MetricsLine } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import { deviationOnScale, onScale } from './score-scale.ts';
import { longerTraining, type RunSettings } from './verdict/longer.ts';
import { seedWords } from './verdict/seed-words.ts';
import {
  againstCommonest,
  commandLine,
  type Flags,
  intervalOver,
  isFull,
  range,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyMoreSteps,
  whyNotSmaller,
  whyUntold,
} from './verdict/verdict.ts';

/** One training of a spread. */
export interface SpreadRun {
  readonly task: string;
  readonly budget: string;
  /** Number of its structure. */
  readonly structure: number;
  /** Its structure file. */
  readonly file: string;
  readonly seed: number;
  readonly result: RunResult;
  readonly metrics: readonly MetricsLine[];
}

/** A structure's trainings, in the order of the seeds. Scores are 0 to 100. */
export interface SpreadStructure {
  readonly structure: number;
  readonly file: string;
  readonly modules: number;
  readonly parameters: number;
  readonly tests: readonly number[];
  readonly validations: readonly number[];
}

/** How structures differ after so many steps of their training. */
interface SpreadMoment {
  readonly step: number;
  /** Of the validation score. */
  readonly score: VarianceComponents;
  /** Of the mean loss of the validation examples. */
  readonly loss?: VarianceComponents;
}

/** How far random structures of a budget differ on a task. */
export interface Spread {
  readonly task: string;
  readonly budget: string;
  readonly metric: string;
  /** Always giving the commonest label, mean over the trainings. */
  readonly majority: number;
  /** Steps of each training. */
  readonly steps: number;
  readonly seeds: readonly number[];
  /** Those that were trained with every seed. */
  readonly structures: readonly SpreadStructure[];
  /** Of the test score at the end; absent where fewer than two structures or seeds are whole. */
  readonly test?: VarianceComponents;
  readonly along: readonly SpreadMoment[];
}

/** Sums up the trainings of one task at one budget. Structures that lack a seed are left out. */
export function spreadOf(runs: readonly SpreadRun[]): Spread {
  const scored = runs.filter(({ result }) => result.score !== undefined);
  const first = scored[0]!;
  const seeds = [...new Set(scored.map(({ seed }) => seed))].sort((a, b) => a - b);
  const whole = [...Map.groupBy(scored, ({ structure }) => structure).values()]
    .map(group => group.toSorted((a, b) => a.seed - b.seed))
    .filter(group => group.length === seeds.length);
  const test = varianceComponents(whole.map(group => group.map(run => run.result.score!.test)));
  return {
    ...{ task: first.task, budget: first.budget, metric: first.result.score!.metric, seeds },
    majority: mean(scored.map(({ result }) => result.score!.majority)),
    steps: first.result.resources.retrain?.evaluations ?? 0,
    structures: whole.map(group => {
      const { structure, file, result } = group[0]!;
      return {
        ...{ structure, file, modules: result.structure.modules, parameters: result.structure.parameters },
        tests: group.map(run => run.result.score!.test),
        validations: group.map(run => run.result.score!.validation),
      };
    }),
    ...(test && { test }),
    along: momentsOf(whole),
  };
}

/** At the steps at which every training was validated. */
function momentsOf(whole: readonly (readonly SpreadRun[])[]): SpreadMoment[] {
  const runs = whole.flat();
  const steps = (runs[0]?.metrics ?? []).map(({ step }) => step);
  return steps.flatMap(step => {
    const lines = whole.map(group => group.map(({ metrics }) => metrics.find(line => line.step === step)));
    if (lines.flat().includes(undefined)) return [];
    const of = (value: (line: MetricsLine) => number) =>
      varianceComponents(lines.map(group => group.map(line => value(line!))));
    const score = of(line => line.score!);
    if (score === undefined) return [];
    const isTold = lines.flat().every(line => line!.validationLoss !== undefined);
    const loss = isTold ? of(line => line.validationLoss!) : undefined;
    return [{ step, score, ...(loss && { loss }) }];
  });
}

/** The structure that is best on validation, over the seeds: nothing is chosen by the test part. */
export function bestStructure({ structures }: Spread): SpreadStructure | undefined {
  return structures.toSorted((a, b) => mean(b.validations) - mean(a.validations))[0];
}

export interface SpreadFacts {
  readonly spread: Spread;
  /** What a user writes for the task: a file for one of their own. */
  readonly task: string;
  /** What the experiment was told, as a user writes it, and who does its trainings. */
  readonly given: { readonly tasks: readonly string[]; readonly budgets: readonly string[]; readonly executor: Flags };
  /** The experiment's folder, and the file in it of what every training has alike. */
  readonly out: string;
  readonly config: string;
  /** Those of one of its trainings, completed. */
  readonly settings: RunSettings;
  /** How many structures were drawn, and whether the budget may leave more that differ. */
  readonly drawn: number;
  readonly hasMore: boolean;
  /** How many of its trainings have failed. */
  readonly failed: number;
  /** Parameters of the cheapest candidate: a smaller budget holds nothing. */
  readonly cheapest: number;
}

type SpreadOutcome = Extract<
  Verdict['outcome'],
  'at-ceiling' | 'not-above-commonest' | 'structures-differ' | 'structures-alike' | 'spread-unknown'
>;

/** An upper end so many times the noise of a training still is "no more than seeds do". */
const alikeUpTo = 1.5;
/** That fewer structures score alike may well be chance: of two with few test rows it often is. */
const fewestAlike = 6;

/** Whether a search can win anything here, in words. */
export function spreadVerdict(facts: SpreadFacts): Verdict {
  const { spread } = facts;
  const outcome = outcomeOf(spread);
  const lines: VerdictLine[] = [
    { about: 'structures', says: says[outcome](spread) },
    ...alongLine(spread),
    ...scoreLine(spread),
  ];
  return { outcome, lines, next: nextOf[outcome](facts) };
}

function outcomeOf(spread: Spread): SpreadOutcome {
  const { test, structures } = spread;
  if (isFull(structures.flatMap(({ tests }) => tests))) return 'at-ceiling';
  if (!hasLearned(spread)) return 'not-above-commonest';
  if (test === undefined) return 'spread-unknown';
  if (test.between.low > 0) return 'structures-differ';
  return looksAlike(test) && test.structures >= fewestAlike ? 'structures-alike' : 'spread-unknown';
}

/**
 * Whether the structures are above always the commonest label: all of them in the mean, or the best on validation by
 * more than the noise of its trainings. Where nothing was learned, neither are they alike nor do they differ.
 */
function hasLearned(spread: Spread): boolean {
  const { test, seeds, majority } = spread;
  const best = bestStructure(spread);
  if (best === undefined) return true;
  if (besideCommonest(spread).isAbove !== false) return true;
  const noise = test === undefined ? 0 : (1.96 * test.within.sd) / Math.sqrt(seeds.length);
  return mean(best.tests) - noise > majority;
}

/** The mean of the structures' scores, with the interval over them, beside always giving the commonest label. */
function besideCommonest({ structures, majority, metric }: Spread) {
  const means = structures.map(({ tests }) => mean(tests));
  const interval = intervalOver(means);
  const shown = interval && onScale(interval, scaleOf(metric));
  return { reached: mean(means), interval: shown, ...againstCommonest(mean(means), interval, majority) };
}

function looksAlike({ between, within }: NonNullable<Spread['test']>): boolean {
  return between.high <= alikeUpTo * within.sd || between.high === 0;
}

const points = ({ sd, low, high }: SpreadEstimate) => `${sd.toFixed(1)} points (${range({ low, high })})`;

/** Between structures, no wider than the metric's scale allows. */
function betweenShown({ metric }: Pick<Spread, 'metric'>, { between, mean }: VarianceComponents) {
  return deviationOnScale(between, mean, scaleOf(metric));
}

const says: Readonly<Record<SpreadOutcome, (spread: Spread) => string>> = {
  'at-ceiling': ({ structures, steps }) =>
    `after ${steps} steps all of ${structures.length} structures have the full score with every seed: this test ` +
    'cannot tell them apart',
  'not-above-commonest': spread => {
    const { reached, interval, says } = besideCommonest(spread);
    const sure = interval === undefined ? '' : ` (${range(interval)})`;
    return (
      `not known: after ${spread.steps} steps structures have ${score(reached)}${sure} in the mean, ${says}, and ` +
      'the best on validation is no better'
    );
  },
  'structures-differ': spread => {
    const { test, steps, metric } = spread;
    const { within, structures } = test!;
    const between = betweenShown(spread, test!);
    const win = Math.min(expectedMaximum(structures) * between.sd, scaleOf(metric).high - test!.mean);
    const shown = shownDifference(within.sd, usualSeeds).toFixed(1);
    return (
      `after ${steps} steps structures differ by ${points(between)}, training noise ` +
      `${within.sd.toFixed(1)}: a search can win up to about ${win.toFixed(win < 1 ? 1 : 0)} points over a ` +
      `random one; ${usualSeeds} seeds show a difference of ${shown}`
    );
  },
  'structures-alike': spread =>
    `after ${spread.steps} steps structures do not differ more than seeds do ` +
    `(by ${points(betweenShown(spread, spread.test!))}, training noise ${spread.test!.within.sd.toFixed(1)}): ` +
    'searching will not help here',
  'spread-unknown': spread => {
    const { test, steps } = spread;
    return test === undefined
      ? 'not known: it takes two structures at least that were trained with the same two seeds or more'
      : looksAlike(test)
        ? `not known after ${steps} steps: ${test.structures} structures are too few to call them alike`
        : `not known after ${steps} steps: structures may differ by anything from 0 to ` +
          `${betweenShown(spread, test).high.toFixed(1)} points, training noise ${test.within.sd.toFixed(1)}`;
  },
};

/** Where structures differ early and no longer late, what differs is how fast they learn. */
function alongLine(spread: Spread): VerdictLine[] {
  const { along } = spread;
  const [first] = along;
  const last = along.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const at = ({ step, score }: typeof first) => `${betweenShown(spread, score).sd.toFixed(1)} after ${step} steps`;
  const fades = first.score.between.sd > 1.5 * last.score.between.sd && first.score.between.low > 0;
  const why = fades ? ': what differed was how fast they learn, and longer trainings leave less to find' : '';
  return [{ about: 'along', says: `validation scores differ between structures by ${at(first)}, ${at(last)}${why}` }];
}

function scoreLine(spread: Spread): VerdictLine[] {
  const { test, metric, majority } = spread;
  const best = bestStructure(spread);
  if (test === undefined || best === undefined) return [];
  const chosen = best.tests.reduce((sum, each) => sum + each, 0) / best.tests.length;
  const says =
    `${metric} ${score(test.mean)} in the mean, ${score(chosen)} of the best on validation ` +
    `(structure ${best.structure}); always the commonest label ${score(majority)}`;
  return [{ about: 'score', says }];
}

const nextOf: Readonly<Record<SpreadOutcome, (facts: SpreadFacts) => Verdict['next']>> = {
  'at-ceiling': facts => {
    const { spread, task, given, out, cheapest } = facts;
    const spent = bestStructure(spread)!.parameters;
    const smaller = Math.max(cheapest, Math.round(spent / 4));
    const structures = spread.structures.length;
    if (smaller >= spent) {
      const seeds = seedWords(spread.seeds, 2 * spread.seeds.length);
      return { command: inFolder(facts, { structures, seeds }), why: whyNotSmaller };
    }
    const flags = { task, budget: smaller, structures, seeds: seedWords(spread.seeds), ...given.executor };
    return {
      command: commandLine('spread', [out], { ...flags, out: `${out}-smaller` }),
      why: whyUntold['at-ceiling'],
    };
  },
  'not-above-commonest': ({ spread, task, given, out, settings }) => ({
    command: commandLine('spread', [out], {
      ...{ task, budget: spread.budget, structures: spread.structures.length, seeds: seedWords(spread.seeds) },
      ...longerTraining(settings, spread.steps, 3),
      ...{ ...given.executor, out: `${out}-longer` },
    }),
    why: whyMoreSteps(besideCommonest(spread).reached, spread.majority),
  }),
  'structures-differ': ({ spread, task, given, out }) => ({
    command: commandLine('compare', [out], {
      ...{ task, budget: spread.budget, methods: 'found,random,best-of-random' },
      ...{ seeds: usualSeeds, ...given.executor, out: `${out}-compare` },
    }),
    why: 'there is something to find: whether a search finds it, and more than as many random trainings do',
  }),
  'structures-alike': ({ spread, task, out, config }) => ({
    command: commandLine('train', [config], {
      ...{ task, structure: bestStructure(spread)!.file, out: `${out}-trained` },
    }),
    why: 'use any structure of the budget, for example this one; a smaller budget is where structures differ most',
  }),
  'spread-unknown': facts => {
    const { why, ...more } = moreOf(facts);
    return { command: inFolder(facts, more), why };
  },
};

/** More of the same, beside all that is there: nothing of it leaves the tables. */
function inFolder({ given: { tasks, budgets, executor }, out }: SpreadFacts, more: Flags): string {
  const there = { task: tasks.join(','), budget: budgets.join(',') };
  return commandLine('spread', [out], { ...there, ...more, ...executor, out });
}

/** What tells more of a spread that is not known: the trainings that it lacks, more structures, or more seeds. */
function moreOf({ spread, drawn, hasMore, failed }: SpreadFacts) {
  const seeds = Math.max(2, spread.seeds.length);
  if (failed > 0) {
    const why = `${plural(failed, 'training')} failed: once the cause is mended, the same command does what is missing`;
    return { structures: drawn, seeds: seedWords(spread.seeds, seeds), why };
  }
  if (hasMore) {
    const why = 'more structures tell their spread more closely; trainings that are done are not done again';
    return { structures: 2 * Math.max(6, drawn), seeds: seedWords(spread.seeds, seeds), why };
  }
  const why =
    'the budget leaves no more structures: more seeds tell closer what each scores, or a larger budget has more';
  return { structures: Math.max(2, drawn), seeds: seedWords(spread.seeds, 2 * seeds), why };
}
