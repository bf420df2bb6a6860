import type { Catalogue } from '../../catalogue/catalogue.ts';
import { parseBytes } from '../../config/parse-settings.ts';
import { type SettingKey, settingKeysFor } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { runPlanJob, runSketchPlanJob, type StatedData } from '../../jobs/plan-job.ts';
import type { Command } from '../command.ts';
import type { ParsedArgs } from '../parse.ts';
import { planOutput } from '../plan-output.ts';
import { configFileArg, readSettings, settingsArgs } from '../settings-args.ts';

/** Larger counts than any data set's or text's are slips, and would only fill the memory. */
const MOST = 10_000_000;

const keysOf = (catalogue: Catalogue): readonly SettingKey[] =>
  settingKeysFor(catalogue).filter(key => !['method', 'structure', 'map', 'warm-start', 'out'].includes(key));

/** What is taken for the data where no task is given, by flag. */
const stated = {
  examples: { standard: 1000, description: 'without --task: examples to train on, and in each other set' },
  'source-tokens': { standard: 128, description: 'without --task: tokens of each text' },
  'target-tokens': { standard: 4, description: 'without --task: tokens of each answer of a model that writes' },
} as const;

export const plan: Command = {
  description:
    'Say what a search would do, need and take, before anything runs; without --task by config.json of the model alone',
  examples: {
    'my.yaml': 'a config of yours',
    '--model ./t5-base --task rte --budget 0.05%': 'the same with flags alone',
    '--model org/name --examples 5000 --source-tokens 128': 'of a model that is not downloaded yet',
  },
  args: catalogue => ({
    ...configFileArg,
    ...settingsArgs(keysOf(catalogue), catalogue),
    memory: { type: 'string', valueHint: '4GB', description: "what the job may use (default: the machine's memory)" },
    ...Object.fromEntries(
      Object.entries(stated).map(([flag, { standard, description }]) => {
        return [flag, { type: 'string', valueHint: 'N', description: `${description} (default ${standard})` }] as const;
      }),
    ),
    timing: {
      type: 'boolean',
      description: 'time a few steps, to say how long the job will take (default true)',
      negativeDescription: 'say nothing of time, and start no model',
    },
  }),
  async run(args, context) {
    const memory = args.memory === undefined ? {} : { memoryBytes: parseBytes(String(args.memory), '--memory') };
    const options = { ...context, ...memory, timing: args.timing !== false };
    const settings = readSettings(args, keysOf(context.catalogue), context.catalogue);
    const planned =
      settings.task === undefined ? runSketchPlanJob(settings, statedBy(args), options) : runPlanJob(settings, options);
    return planOutput(await planned, context);
  },
};

function statedBy(args: ParsedArgs): StatedData {
  const number = (flag: keyof typeof stated): number => {
    const value = Number(args[flag] ?? stated[flag].standard);
    if (Number.isSafeInteger(value) && value > 0 && value <= MOST) return value;
    throw new InputError(`\`${String(args[flag])}\` is no count from 1 to ${MOST}`, {
      code: 'unknown-value',
      where: `--${flag}`,
      remedy: `give a whole number, for example \`--${flag} ${stated[flag].standard}\``,
    });
  };
  return {
    examples: number('examples'),
    sourceTokens: number('source-tokens'),
    targetTokens: number('target-tokens'),
  };
}
