import { fillUniform } from '../core/random.ts';
import { type ClassScores, confusionTable, macroF1, perClass } from './class-metrics.ts';
import { answersOf, type Metric, type Target } from './metric.ts';

/** What a set of answers is worth, looked at from every side; scores are 0 to 100. */
export interface Assessment {
  readonly score: number;
  /** Why the metric has no value for these answers, in a sentence; the score is 0 then. */
  readonly undefinedBecause?: string;
  /** Absent where no draw of the examples gives another score (`scoreInterval`). */
  readonly interval?: Interval;
  /** What always giving one answer gets. */
  readonly majority: { readonly answer: string; readonly score: number };
  /** Where the answers are classes, and each example has one right one. */
  readonly classes?: ClassAssessment;
}

export interface ClassAssessment {
  readonly macroF1: number;
  readonly perClass: readonly ClassScores[];
  /** Names of the rows and the first columns of `confusion`. */
  readonly labels: readonly string[];
  /** Rows: the right label; columns: the answered one, and last how many answers are none of the labels. */
  readonly confusion: readonly (readonly number[])[];
}

/** What answers are judged by. */
export interface Judge {
  readonly metric: Metric;
  /** What a model says for each class and the task's name of it, where answers are classes. */
  readonly labels: readonly { readonly word: string; readonly name: string }[] | undefined;
  /** The answer to compare with, always given. */
  readonly commonest: string;
}

/**
 * Judges answers by the right ones.
 * @throws RangeError as the metric
 */
export function assess(
  { metric, labels, commonest }: Judge,
  answers: readonly string[],
  targets: readonly Target[],
): Assessment {
  const words = labels?.map(({ word }) => word);
  const names = new Map(labels?.map(({ word, name }) => [word, name]));
  const undefinedBecause = metric.undefinedFor?.(answers, targets);
  const interval = scoreInterval(metric, answers, targets, words);
  const isTabular = labels !== undefined && targets.every(target => answersOf(target).length === 1);
  return {
    score: metric(answers, targets, words),
    ...(undefinedBecause !== undefined && { undefinedBecause }),
    ...(interval && { interval }),
    majority: {
      answer: names.get(commonest) ?? commonest,
      score: metric(
        targets.map(() => commonest),
        targets,
        words,
      ),
    },
    ...(isTabular && {
      classes: {
        macroF1: macroF1(answers, targets, words),
        perClass: perClass(answers, targets, words!).map(each => ({ ...each, label: names.get(each.label)! })),
        labels: labels.map(({ name }) => name),
        confusion: confusionTable(answers, targets, words!),
      },
    }),
  };
}

/** Where a score would lie with other examples of the same kind, 95 times of a hundred. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** How it was computed: of a share of right answers Wilson's formula, of all others by drawing the examples anew. */
  readonly method: 'wilson' | 'bootstrap';
  /** How often they were drawn. */
  readonly resamples?: number;
}

/** Of the normal distribution, for 95 %. */
const Z = 1.959963984540054;
const RESAMPLES = 1000;
/** Most examples that a metric which must look at all of them is given in all: some seconds. */
const MOST_LOOKED_AT = 5e6;
const FEWEST_RESAMPLES = 200;

/**
 * The 95 % interval of a score. Examples of one group are drawn together, since they stand and fall together.
 * @returns undefined where the examples drawn anew give one score always, as where every answer is the same and the
 * metric has no value: how sure the score is, they do not show
 * @throws RangeError as the metric
 */
export function scoreInterval(
  metric: Metric,
  predictions: readonly string[],
  targets: readonly Target[],
  labels: readonly string[] | undefined,
): Interval | undefined {
  const groups = groupsOf(targets);
  const { worth } = metric;
  const worths = worth && targets.map((target, i) => worth(predictions[i]!, target));
  const isShare = worths?.every(each => each === 0 || each === 1) && groups.length === targets.length;
  if (isShare) return wilson(worths!.filter(each => each === 1).length, targets.length);
  const scoreOf = (drawn: readonly number[]) =>
    worths === undefined
      ? metric(
          drawn.map(i => predictions[i]!),
          drawn.map(i => targets[i]!),
          labels,
        )
      : (100 * drawn.reduce((sum, i) => sum + worths[i]!, 0)) / drawn.length;
  const affordable = Math.max(FEWEST_RESAMPLES, Math.floor(MOST_LOOKED_AT / targets.length));
  return bootstrap(groups, scoreOf, Math.min(RESAMPLES, affordable));
}

/** Wilson's score interval of a share (Wilson 1927), in percent. The share is in it, whatever is rounded. */
function wilson(right: number, all: number): Interval {
  const share = right / all;
  const shrink = 1 + Z ** 2 / all;
  const middle = (share + Z ** 2 / (2 * all)) / shrink;
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / all + Z ** 2 / (4 * all ** 2));
  const [low, high] = [Math.min(share, middle - half), Math.max(share, middle + half)];
  return { low: 100 * Math.max(0, low), high: 100 * Math.min(1, high), method: 'wilson' };
}

/** Between the 2.5th and the 97.5th percentile of the scores of examples drawn anew, with replacement (Efron 1979). */
function bootstrap(
  groups: readonly (readonly number[])[],
  scoreOf: (drawn: readonly number[]) => number,
  resamples: number,
): Interval | undefined {
  const draws = new Float64Array(groups.length);
  const scores = Array.from({ length: resamples }, (_, resample) => {
    fillUniform(draws, 0, 'bootstrap', resample);
    return scoreOf([...draws].flatMap(draw => groups[Math.floor(draw * groups.length)]!));
  }).sort((a, b) => a - b);
  const [low, high] = [quantile(scores, 0.025), quantile(scores, 0.975)];
  // Sums of equal worths may differ in the last digit only.
  return high - low < 1e-9 ? undefined : { low, high, method: 'bootstrap', resamples };
}

/** Of ascending values, between the two nearest where it falls between them. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

/** Numbers of the examples of each group; one without a group is one by itself. */
function groupsOf(targets: readonly Target[]): number[][] {
  const keys = targets.map((target, i) => (typeof target === 'string' ? i : (target.group ?? i)));
  return [...Map.groupBy(keys.keys(), i => keys[i]!).values()];
}
