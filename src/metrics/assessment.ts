import { type ClassScores, confusionTable, macroF1, perClass } from './class-metrics.ts';
import { type Interval, scoreInterval } from './interval.ts';
import { answersOf, type Metric, type Target } from './metric.ts';

/** What a set of answers is worth, looked at from every side; scores are 0 to 100. */
export interface Assessment {
  readonly score: number;
  /** Why the metric has no value for these answers, in a sentence; the score is 0 then. */
  readonly undefinedBecause?: string;
  readonly interval: Interval;
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
  const isTabular = labels !== undefined && targets.every(target => answersOf(target).length === 1);
  return {
    score: metric(answers, targets, words),
    ...(undefinedBecause !== undefined && { undefinedBecause }),
    interval: scoreInterval(metric, answers, targets, words),
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
