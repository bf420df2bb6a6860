import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { score } from '../../core/format.ts';
import { runEvaluateJob } from '../../jobs/evaluate-job.ts';
import type { SplitName } from '../../library/evaluate.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = [
  ...(['model', 'task', 'data', 'batch-size', 'device', 'threads', 'max-validation', 'max-test', 'answers'] as const),
] satisfies SettingKey[];

export const evaluate: Command = {
  description: "Score a finished run's parameters on a split of its task",
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    split: { type: 'string', valueHint: 'validation|test', description: 'which examples to score (default test)' },
    ...settingsArgs(keys),
  },
  async run(args, context) {
    const split = splitName(args.split ?? 'test');
    const outcome = await runEvaluateJob(String(args.run), split, readSettings(args, keys, context.catalogue), context);
    const line = `${outcome.task} on ${outcome.model}, ${split}: ${outcome.metric} ${score(outcome.score)}`;
    const details = Object.entries(outcome.details).map(([metric, value]) => `, ${metric} ${score(value)}`);
    return { document: outcome, lines: [`${line}${details.join('')} over ${outcome.examples} examples`] };
  },
};

function splitName(given: unknown): SplitName {
  if (given === 'validation' || given === 'test') return given;
  throw new InputError(`there is no split \`${given}\``, {
    code: 'unknown-value',
    where: '--split',
    remedy: 'give validation or test',
  });
}
