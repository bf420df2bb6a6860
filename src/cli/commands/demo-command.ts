import { join } from 'node:path';
import type { SettingKey, Settings } from '../../config/settings.ts';
import { writeReport } from '../../jobs/report-job.ts';
import { runSearchJob } from '../../jobs/run-job.ts';
import { offeredModel } from '../../models/built-in.ts';
import type { Command } from '../command.ts';
import { outcomeOutput, savingState, withResumeHint } from '../job-output.ts';
import type { ArgDef } from '../parse.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys: readonly SettingKey[] = ['seed', 'budget', 'order', 'max-steps', 'device', 'threads', 'out'];

/**
 * A budget of the paper's size, at which the place of the modules matters (docs/measured/demo.md), and small enough for
 * three minutes of two cores.
 */
export const demoSettings: Settings = {
  model: offeredModel,
  task: 'spam',
  'random-baseline': true,
  budget: '0.01%',
  'batch-size': 8,
  'max-length': 64,
  // A pass of each training over all e-mails; a quarter of its steps tells a search as much.
  epochs: 1,
  'retrain-epochs': 1,
  'max-steps': 500,
  'search-steps': 110,
  'eval-every': 55,
  'retrain-eval-every': 147,
};

export const demo: Command = {
  description: 'The whole job on the built-in model and real e-mail: spam or not, in minutes',
  examples: {
    '': 'about three minutes on two cores',
    '--max-steps 50': 'a shorter one, which finds less',
  },
  args: Object.fromEntries(Object.entries(settingsArgs(keys)).map(withDemoDefault)),
  stopping: savingState,
  async run(args, context) {
    const settings = { ...demoSettings, ...readSettings(args, keys, context.catalogue) };
    const out = settings.out ?? join('runs', `demo-${timestamp(new Date())}`);
    const outcome = await withResumeHint('search', out, runSearchJob(settings, { ...context, out }));
    await writeReport(outcome);
    const output = await outcomeOutput(outcome, context);
    return { ...output, lines: [`report: ${outcome.folder.report}`, ...output.lines] };
  },
};

/** What the demo sets itself is its default, in place of any other that a description names. */
function withDemoDefault([key, arg]: [string, ArgDef]): [string, ArgDef] {
  const own = demoSettings[key as SettingKey];
  if (own === undefined) return [key, arg];
  const description = arg.description?.replace(/ \(default [^()]*\)$/, '');
  return [key, { ...arg, description: `${description} (default ${own})` }];
}

/** `20260131-174502`: sorts by time and is a folder name everywhere. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}
