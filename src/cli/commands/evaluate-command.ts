import type { SettingKey } from '../../config/settings.ts';
import { nearestNames } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import { count, score } from '../../core/format.ts';
import { type EvaluationOutcome, runEvaluateFileJob, runEvaluateJob } from '../../jobs/evaluate-job.ts';
import type { SplitName } from '../../library/evaluate.ts';
import type { ClassAssessment, Interval } from '../../metrics/assessment.ts';
import { tableLines } from '../../report/table.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = [
  ...([
    'model',
    'task',
    'data',
    'batch-size',
    'max-length',
    'device',
    'threads',
    'max-validation',
    'max-test',
  ] as const),
  'answers',
] satisfies SettingKey[];

export const evaluate: Command = {
  description: "Score a finished run's parameters, on a split of its task or a file of yours: is it any good?",
  examples: {
    'runs/rte': 'on its test set',
    'runs/reviews --file labelled.csv': 'on labelled rows of yours',
  },
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    split: { type: 'string', valueHint: 'validation|test', description: 'which examples to score (default test)' },
    file: { type: 'string', valueHint: 'FILE', description: 'labelled rows to score instead, as those of the task' },
    ...settingsArgs(keys),
  },
  async run(args, context) {
    const settings = readSettings(args, keys, context.catalogue);
    const run = String(args.run);
    if (args.file !== undefined && args.split !== undefined) {
      throw new InputError('both a split and a file are given', {
        code: 'conflicting-settings',
        where: '--split, --file',
        remedy: 'give one of them',
      });
    }
    const outcome =
      args.file === undefined
        ? await runEvaluateJob(run, splitName(args.split ?? 'test'), settings, context)
        : await runEvaluateFileJob(run, String(args.file), settings, context);
    return { document: outcome, lines: evaluationLines(outcome) };
  },
};

function splitName(given: unknown): SplitName {
  if (given === 'validation' || given === 'test') return given;
  const [nearest] = nearestNames(String(given), ['validation', 'test']);
  throw new InputError(`there is no split \`${given}\``, {
    code: 'unknown-value',
    where: '--split',
    remedy:
      nearest === undefined ? 'give validation or test' : `did you mean \`${nearest}\`? There are validation and test`,
  });
}

/** What an evaluation says to people: the score, how sure it is, what a constant answer gets, and each class. */
export function evaluationLines(outcome: EvaluationOutcome): string[] {
  const { task, model, split, file, metric, examples, details, interval, classes, cut } = outcome;
  const further = Object.entries(details).map(([name, value]) => `, ${name} ${score(value)}`);
  return [
    `${task} on ${model}, ${file ?? split}: ${metric} ${score(outcome.score)}${further.join('')} over ` +
      `${count(examples)} examples`,
    ...(outcome.undefinedBecause === undefined
      ? []
      : [`${metric} has no value here, and counts as 0: ${outcome.undefinedBecause}`]),
    intervalSentence(interval),
    majoritySentence(outcome),
    ...(cut > 0 ? [`${count(cut)} of ${count(examples)} texts are longer than is read and were cut`] : []),
    ...(classes === undefined ? [] : classLines(classes)),
  ];
}

function intervalSentence(interval: Interval | undefined): string {
  if (interval === undefined) {
    return 'no 95 % interval: whichever examples are drawn, the score is the same, so they do not show how sure it is';
  }
  const { low, high, method, resamples } = interval;
  const how = method === 'wilson' ? "Wilson's" : `bootstrap, the examples drawn anew ${count(resamples ?? 0)} times`;
  return `95 % interval ${score(low)} to ${score(high)} (${how})`;
}

/** Whether the score is worth more than one answer for everything, as far as so few examples can tell. */
function majoritySentence({ majority, score: reached, interval, split }: EvaluationOutcome): string {
  const of = split === 'file' ? "the file's commonest answer" : "the training set's commonest answer";
  const says = `always "${majority.answer}", ${of}, gets ${score(majority.score)}`;
  if (reached <= majority.score) return `${says}: nothing better was learnt`;
  return interval !== undefined && interval.low <= majority.score
    ? `${says}, which is inside the interval: more examples would tell`
    : says;
}

/** Two labels that differ in blanks alone would look the same. */
function shownLabel(label: string): string {
  return label === label.trim() ? label : JSON.stringify(label);
}

function classLines({ macroF1, perClass, labels, confusion }: ClassAssessment): string[] {
  const none = confusion.some(row => row.at(-1)! > 0);
  const columns = none ? [...labels, 'none of them'] : labels;
  return [
    '',
    ...tableLines({
      header: ['class', 'precision', 'recall', 'F1', 'examples'],
      rows: [
        ...perClass.map(each => [
          shownLabel(each.label),
          ...[each.precision, each.recall, each.f1].map(score),
          count(each.support),
        ]),
        ['macro mean', '', '', score(macroF1), ''],
      ],
    }),
    '',
    'rows: the right label; columns: the answered one',
    ...tableLines({
      header: ['', ...columns.map(shownLabel)],
      rows: labels.map((label, i) => [shownLabel(label), ...confusion[i]!.slice(0, columns.length).map(count)]),
    }),
  ];
}
