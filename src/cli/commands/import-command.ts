import type { SettingKey } from '../../config/settings.ts';
import { count } from '../../core/format.ts';
import { runImportJob } from '../../jobs/import-job.ts';
import type { Command } from '../command.ts';
import { readSettings, runFolderOf, settingsArgs } from '../settings-args.ts';

/** What is to be said of an adapter, which knows neither its task nor where its model lies. */
export const importKeys = ['model', 'task', 'data', 'max-length', 'sentinel', 'seed'] as const satisfies SettingKey[];

export const importAdapter: Command = {
  description: 'Make a run folder of an adapter that PEFT has trained, to evaluate, ask, export or train it',
  examples: {
    './adapter --model ./t5-base --task rte --out runs/imported': 'an adapter that was trained on RTE',
  },
  args: catalogue => ({
    adapter: {
      type: 'positional',
      required: true,
      description: 'folder of an adapter, LoRA or IA3, or `org/name` on the Hub',
    },
    ...settingsArgs(importKeys, catalogue),
    ...settingsArgs(['out']),
  }),
  async run(args, context) {
    const settings = readSettings(args, importKeys, context.catalogue);
    const place = runFolderOf(args, settings, context);
    const outcome = await runImportJob(String(args.adapter), settings, { ...context, ...place });
    const { folder, model, task, structure, parameters } = outcome;
    const { modules, space } = structure;
    return {
      document: { folder: folder.path, model, task, space, modules: modules.length, parameters },
      lines: [`${folder.path}: ${modules.length} modules, ${count(parameters)} parameters, for ${task} on ${model}`],
    };
  },
};
