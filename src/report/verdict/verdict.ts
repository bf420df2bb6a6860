import { count, score, shellWord } from '../../core/format.ts';
import { shownDifference, shownEffect } from '../../core/shown-effects.ts';
import { type Interval, type PairedTest, studentInterval } from '../../core/statistics.ts';
import { differenceOnScale } from '../score-scale.ts';

/** What may come out, in words for programs. */
export const outcomes = [
  'nothing-searched',
  'not-trained',
  'not-above-commonest',
  'unsettled',
  'at-ceiling',
  'too-few-rows',
  'one-seed',
  'too-few-seeds',
  'no-rival',
  'tie',
  'within-noise',
  'win',
  'loss',
  'structures-differ',
  'structures-alike',
  'spread-unknown',
  'smallest-within',
  'none-within',
] as const;

export type Outcome = (typeof outcomes)[number];

export interface VerdictLine {
  /** A word or two: `score`, `against random structure`. */
  readonly about: string;
  readonly says: string;
}

/** What a job came to, for people who decide what to do next. It claims nothing that its numbers do not show. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly lines: readonly VerdictLine[];
  /** The command that would help next, and why. */
  readonly next: { readonly command: string; readonly why: string };
}

/** Fewer pairs cannot give a p of 0.05, whatever they show: 2 / 2⁵ is more. */
export const fewestSeeds = 6;
/** So many are suggested. */
export const usualSeeds = 8;
/** More are not proposed. */
export const mostSeeds = 64;

/** Fewer rows move an accuracy by 3 points or more each: what is best on them is chance. */
export const fewRows = 30;
const fullScore = 100;

export interface Judgement {
  readonly outcome: Extract<Outcome, Untold | 'one-seed' | 'too-few-seeds' | 'tie' | 'within-noise' | 'win' | 'loss'>;
  readonly says: string;
  /** Seeds with which a true difference as large as the one seen would be told four times in five. */
  readonly seeds: number;
}

/**
 * What a paired comparison shows: nothing from one seed, and a win only outside the noise.
 * @param scale of the scores that differ, where it is known
 */
export function judge({ difference, pairs, p, sd, interval }: PairedTest, scale?: Interval): Judgement {
  const size = signed(difference);
  if (pairs < 2 || sd === null) {
    const says = `${size} points: not known from one seed; with fewer than ${fewestSeeds} no difference can be told`;
    return { outcome: 'one-seed', says, seeds: usualSeeds };
  }
  const shown = range(differenceOnScale(interval!, scale));
  const seen = `${size} points (${shown}) over ${pairs} seeds, p = ${p.toPrecision(2)}`;
  const seeds = seedsToTell(difference, sd);
  const need = needOf(seeds, pairs);
  if (sd === 0 && difference === 0) {
    return { outcome: 'tie', says: `a tie: equal scores on every one of ${pairs} seeds`, seeds };
  }
  if (pairs < fewestSeeds) {
    const says = `${seen}: not known, ${pairs} seeds cannot tell any difference${need}`;
    return { outcome: 'too-few-seeds', says, seeds };
  }
  if (p > 0.05) return { outcome: 'within-noise', says: `${seen}: within the noise${need}`, seeds };
  return difference > 0
    ? { outcome: 'win', says: `${seen}: a win, outside the noise`, seeds }
    : { outcome: 'loss', says: `${seen}: a loss, outside the noise`, seeds };
}

/** How many seeds would tell a difference; nothing where so many have just not told it. */
function needOf(seeds: number, pairs: number): string {
  if (seeds <= pairs) return '';
  return seeds > mostSeeds
    ? `; a difference of this size would take more than ${Math.max(mostSeeds, pairs)} seeds to tell`
    : `; ${seeds} seeds would tell a difference of this size`;
}

/** What a test part cannot tell, however many seeds there are. */
export type Untold = 'at-ceiling' | 'too-few-rows';

/** What then leaves more to tell. */
export const whyUntold: Readonly<Record<Untold, string>> = {
  'at-ceiling': 'a smaller budget, where structures differ most, or a harder test: on this one nothing can be better',
  'too-few-rows': 'a smaller budget, where structures differ most; more test rows tell more than more seeds do',
};

/**
 * Whether the test part itself keeps two scores from being told apart: both are full, or equal on a handful of rows.
 * @param scores of both, a seed each
 * @param rows of the test part, where they are known
 */
export function untold(
  [a, b]: readonly [readonly number[], readonly number[]],
  rows: number | undefined,
): Judgement | undefined {
  const seeds = Number.POSITIVE_INFINITY;
  if (isFull(a) && isFull(b)) {
    const says = `both have ${score(fullScore)}, the most there is: no number of seeds can tell them apart here`;
    return { outcome: 'at-ceiling', says, seeds };
  }
  if (rows === undefined || rows >= fewRows || a.join() !== b.join()) return undefined;
  const says = `equal on ${rows} test rows, and so few hardly tell, whatever the seeds`;
  return { outcome: 'too-few-rows', says, seeds };
}

export function isFull(scores: readonly number[]): boolean {
  return scores.length > 0 && scores.every(each => each === fullScore);
}

/** Where a budget holds every candidate. */
export const whyUnsearched = 'a smaller budget leaves something to choose: there structures differ most';

/** What helps where a smaller budget would tell more, and there is none. */
export const whyOtherRows =
  'a harder test, or more test rows, tells more; so do other seeds, where they draw other rows';
export const whyNotSmaller = `no smaller budget holds a module: ${whyOtherRows}`;

/** Where nothing was learned. */
const whyLonger =
  'more steps of training: nothing was learned that always giving one answer does not know; a larger ' +
  '--budget or --lr is the next thing to try';

/** Why more steps come first where a score is not above always the commonest label. */
export function whyMoreSteps(reached: number, commonest: number): string {
  return reached > commonest
    ? 'more steps of training, or more test rows: it is better than always giving one answer, but by no more than ' +
        'chance may give'
    : whyLonger;
}

/** The fewest seeds that tell such a difference four times in five; Infinity beyond the most that are proposed. */
export function seedsToTell(difference: number, sd: number): number {
  if (difference === 0) return Number.POSITIVE_INFINITY;
  for (let seeds = fewestSeeds; seeds <= mostSeeds; seeds++) {
    if (shownEffect(seeds) * sd <= Math.abs(difference)) return seeds;
  }
  return Number.POSITIVE_INFINITY;
}

/** The difference that the seeds which are suggested tell, beside the noise of a training. */
export const shownByUsual = `${shownDifference(1, usualSeeds).toFixed(1)} times the noise of a training`;

/** The 95 % interval of a mean; none of a single value, and of equal ones: that they are equal makes nothing sure. */
export function intervalOver(values: readonly number[]): Interval | undefined {
  const interval = studentInterval(values);
  return interval !== null && interval.low < interval.high ? interval : undefined;
}

/** The interval of a single training, which its test rows alone make. */
export function intervalOfOne(interval: Interval | undefined, rows: number | undefined): string {
  if (interval === undefined) return '';
  const by = rows === undefined ? 'the test rows' : `${count(rows)} test rows`;
  return ` (95 % interval ${range(interval)}, by ${by} alone: another training moves it as well)`;
}

/**
 * What the data cannot tell, whatever was trained.
 * @param chosen what is chosen on the validation part
 */
export function dataLine(
  { validation, majority }: { readonly validation: number; readonly majority: number },
  chosen: string,
): VerdictLine[] {
  const says = [
    ...(validation < fewRows ? [`the validation part has ${validation} rows: ${chosen} by it is mostly chance`] : []),
    ...(majority === fullScore
      ? ['every test row has the commonest answer, so that no score on it shows anything was learned']
      : []),
  ];
  return says.length === 0 ? [] : [{ about: 'data', says: says.join('; ') }];
}

/** A score beside always giving the commonest label. */
export function againstCommonest(
  reached: number,
  interval: Interval | undefined,
  commonest: number,
): { readonly isAbove: boolean | undefined; readonly says: string } {
  if (!Number.isFinite(commonest)) return { isAbove: undefined, says: 'always the commonest label has no score here' };
  const label = `always the commonest label, ${score(commonest)}`;
  if (interval === undefined) {
    return reached <= commonest
      ? { isAbove: false, says: `not above ${label}` }
      : { isAbove: undefined, says: `beside ${label}: how sure that is, is not known` };
  }
  if (interval.low > commonest) return { isAbove: true, says: `above ${label}` };
  if (interval.high < commonest) return { isAbove: false, says: `a loss: below ${label}` };
  return { isAbove: false, says: `not told apart from ${label}` };
}

/** `74.5 to 78.2`. */
export function range({ low, high }: Interval): string {
  return `${low.toFixed(1)} to ${high.toFixed(1)}`;
}

/** `+2.1`, `−0.4`, `±0.0`. */
export function signed(value: number): string {
  const size = Math.abs(value).toFixed(1);
  return `${size === '0.0' ? '±' : value < 0 ? '−' : '+'}${size}`;
}

/** A verdict that was written, maybe by another version, whose word for programs is not known. */
export type WrittenVerdict = Omit<Verdict, 'outcome'> & { readonly outcome?: Outcome | undefined };

/** A verdict as the last lines of a terminal. */
export function verdictText({ lines, next }: WrittenVerdict, title = 'Verdict'): string[] {
  const all = [...lines, { about: 'next', says: next.command }];
  const width = Math.max(...all.map(({ about }) => about.length));
  return [
    title,
    ...all.map(({ about, says }) => `  ${about.padEnd(width)}  ${says}`),
    `  ${''.padEnd(width)}  ${next.why}`,
  ];
}

/** Flags of a command by their names: what is undefined is left out, and what is true has no value. */
export type Flags = Readonly<Record<string, string | number | true | undefined>>;

/** `s3delta compare runs/x --seeds 8`. */
export function commandLine(command: string, places: readonly string[], flags: Flags): string {
  const given = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, ...(value === true ? [] : [shellWord(String(value))])],
  );
  return ['s3delta', command, ...places.map(shellWord), ...given].join(' ');
}
