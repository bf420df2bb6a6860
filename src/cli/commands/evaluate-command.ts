import type { SettingKey } from '../../config/settings.ts';
import { nearestNames } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import { runEvaluateFileJob, runEvaluateJob } from '../../jobs/evaluate-job.ts';
import type { SplitName } from '../../library/evaluate.ts';
import type { Command } from '../command.ts';
import { evaluationLines } from '../evaluation-output.ts';
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
