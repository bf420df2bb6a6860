import { score } from '../../core/format.ts';
import { expectedMaximum, type SpreadEstimate, shownDifference } from '../../core/variance-components.ts';
import { bestStructure, type Spread } from '../spread.ts';
import { commandLine, isFull, range, usualSeeds, type Verdict, type VerdictLine, whyUntold } from './verdict.ts';

export interface SpreadFacts {
  readonly spread: Spread;
  /** What a user writes for the task: a file for one of their own. */
  readonly task: string;
  /** The experiment's folder, and the file in it of what every training has alike. */
  readonly out: string;
  readonly config: string;
}

type SpreadOutcome = Extract<
  Verdict['outcome'],
  'at-ceiling' | 'structures-differ' | 'structures-alike' | 'spread-unknown'
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

function outcomeOf({ test, structures }: Spread): SpreadOutcome {
  if (isFull(structures.flatMap(({ tests }) => tests))) return 'at-ceiling';
  if (test === undefined) return 'spread-unknown';
  if (test.between.low > 0) return 'structures-differ';
  return looksAlike(test) && test.structures >= fewestAlike ? 'structures-alike' : 'spread-unknown';
}

function looksAlike({ between, within }: NonNullable<Spread['test']>): boolean {
  return between.high <= alikeUpTo * within.sd || between.high === 0;
}

const points = ({ sd, low, high }: SpreadEstimate) => `${sd.toFixed(1)} points (${range({ low, high })})`;

const says: Readonly<Record<SpreadOutcome, (spread: Spread) => string>> = {
  'at-ceiling': ({ structures, steps }) =>
    `after ${steps} steps all of ${structures.length} structures have the full score with every seed: this test ` +
    'cannot tell them apart',
  'structures-differ': ({ test, steps }) => {
    const { between, within, structures } = test!;
    const win = expectedMaximum(structures) * between.sd;
    const shown = shownDifference(within.sd, usualSeeds).toFixed(1);
    return (
      `after ${steps} steps structures differ by ${points(between)}, training noise ` +
      `${within.sd.toFixed(1)}: a search can win up to about ${win.toFixed(win < 1 ? 1 : 0)} points over a ` +
      `random one; ${usualSeeds} seeds show a difference of ${shown}`
    );
  },
  'structures-alike': ({ test, steps }) =>
    `after ${steps} steps structures do not differ more than seeds do (by ${points(test!.between)}, ` +
    `training noise ${test!.within.sd.toFixed(1)}): searching will not help here`,
  'spread-unknown': ({ test, steps }) =>
    test === undefined
      ? 'not known: it takes two structures at least that were trained with the same two seeds or more'
      : looksAlike(test)
        ? `not known after ${steps} steps: ${test.structures} structures are too few to call them alike`
        : `not known after ${steps} steps: structures may differ by anything from 0 to ` +
          `${test.between.high.toFixed(1)} points, training noise ${test.within.sd.toFixed(1)}`,
};

/** Where structures differ early and no longer late, what differs is how fast they learn. */
function alongLine({ along }: Spread): VerdictLine[] {
  const [first] = along;
  const last = along.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const at = ({ step, score: { between } }: typeof first) => `${between.sd.toFixed(1)} after ${step} steps`;
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
  'at-ceiling': ({ spread, task, out }) => ({
    command: commandLine('spread', [out], {
      ...{ task, budget: Math.max(1, Math.round(bestStructure(spread)!.parameters / 4)) },
      ...{ structures: spread.structures.length, seeds: spread.seeds.length, out: `${out}-smaller` },
    }),
    why: whyUntold['at-ceiling'],
  }),
  'structures-differ': ({ spread, task, out }) => ({
    command: commandLine('compare', [out], {
      ...{ task, budget: spread.budget, methods: 'found,random,best-of-random' },
      ...{ seeds: usualSeeds, out: `${out}-compare` },
    }),
    why: 'there is something to find: whether a search finds it, and more than as many random trainings do',
  }),
  'structures-alike': ({ spread, task, out, config }) => ({
    command: commandLine('train', [config], {
      ...{ task, structure: bestStructure(spread)!.file, out: `${out}-trained` },
    }),
    why: 'use any structure of the budget, for example this one; a smaller budget is where structures differ most',
  }),
  'spread-unknown': ({ spread, task, out }) => ({
    command: commandLine('spread', [out], {
      ...{ task, budget: spread.budget },
      structures: 2 * Math.max(6, spread.structures.length),
      seeds: Math.max(2, spread.seeds.length),
      out,
    }),
    why: 'more structures tell their spread more closely; trainings that are done are not done again',
  }),
};
