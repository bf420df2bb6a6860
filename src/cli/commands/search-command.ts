import { type SettingKey, settingKeys } from '../../config/settings.ts';
import { runSearchJob } from '../../jobs/run-job.ts';
import type { Command } from '../command.ts';
import { outcomeOutput } from '../outcome.ts';
import { savingState, withResumeHint } from '../resume-hint.ts';
import { configFileArg, outArgs, readSettings, runFolderOf, settingsArgs } from '../settings-args.ts';

const keys: readonly SettingKey[] = settingKeys.filter(key => !['method', 'structure', 'map', 'out'].includes(key));

export const search: Command = {
  description: 'Find a structure under a budget, re-train it, evaluate it',
  args: { ...configFileArg, ...settingsArgs(keys), ...outArgs },
  stopping: savingState,
  async run(args, context) {
    const settings = readSettings(args, keys);
    const place = runFolderOf(args, settings, context);
    const outcome = await withResumeHint('search', place.out, runSearchJob(settings, { ...context, ...place }));
    return outcomeOutput(outcome, context);
  },
};
