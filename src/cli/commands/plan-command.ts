import type { Catalogue } from '../../catalogue/catalogue.ts';
import { parseBytes } from '../../config/parse-bytes.ts';
import { type SettingKey, settingKeysFor } from '../../config/settings.ts';
import { runPlanJob } from '../../jobs/plan-job.ts';
import type { Command } from '../command.ts';
import { planOutput } from '../plan-output.ts';
import { configFileArg, readSettings, settingsArgs } from '../settings-args.ts';

const keysOf = (catalogue: Catalogue): readonly SettingKey[] =>
  settingKeysFor(catalogue).filter(key => !['method', 'structure', 'map', 'out'].includes(key));

export const plan: Command = {
  description: 'Say what a search would do, how much memory and how long it would take, before anything runs',
  examples: {
    'my.yaml': 'a config of yours',
    '--model ./t5-base --task rte --budget 0.05%': 'the same with flags alone',
  },
  args: catalogue => ({
    ...configFileArg,
    ...settingsArgs(keysOf(catalogue), catalogue),
    memory: { type: 'string', valueHint: '4GB', description: "what the job may use (default: the machine's memory)" },
    timing: {
      type: 'boolean',
      description: 'time a few steps, to say how long the job will take (default true)',
      negativeDescription: 'say nothing of time, and start no model',
    },
  }),
  async run(args, context) {
    const memory = args.memory === undefined ? {} : { memoryBytes: parseBytes(String(args.memory), '--memory') };
    const options = { ...context, ...memory, timing: args.timing !== false };
    return planOutput(
      await runPlanJob(readSettings(args, keysOf(context.catalogue), context.catalogue), options),
      context,
    );
  },
};
