import type { Catalogue } from '../../catalogue/catalogue.ts';
import { type SettingKey, settingKeysFor } from '../../config/settings.ts';
import { runSearchJob } from '../../jobs/run-job.ts';
import type { Command } from '../command.ts';
import { outcomeOutput } from '../outcome.ts';
import { savingState, withResumeHint } from '../resume-hint.ts';
import { configFileArg, outArgs, readSettings, runFolderOf, settingsArgs } from '../settings-args.ts';

const keysOf = (catalogue: Catalogue): readonly SettingKey[] =>
  settingKeysFor(catalogue).filter(key => !['method', 'structure', 'map', 'out'].includes(key));

export const search: Command = {
  description: 'Find a structure under a budget, re-train it, evaluate it',
  args: catalogue => ({ ...configFileArg, ...settingsArgs(keysOf(catalogue), catalogue), ...outArgs }),
  stopping: savingState,
  async run(args, context) {
    const settings = readSettings(args, keysOf(context.catalogue), context.catalogue);
    const place = runFolderOf(args, settings, context);
    const outcome = await withResumeHint('search', place.out, runSearchJob(settings, { ...context, ...place }));
    return outcomeOutput(outcome, context);
  },
};
