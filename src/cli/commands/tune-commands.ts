import type { Catalogue } from '../../catalogue/catalogue.ts';
import { type SettingKey, settingKeysFor } from '../../config/settings.ts';
import { runSearchJob, runTrainJob } from '../../jobs/run-job.ts';
import type { Command } from '../command.ts';
import { withinArgs } from '../experiment-args.ts';
import { outcomeOutput } from '../job-output.ts';
import { savingState, withResumeHint } from '../resume-hint.ts';
import { configFileArg, outArgs, readSettings, runFolderOf, settingsArgs } from '../settings-args.ts';
import { logArg, whileTracked } from '../tracking.ts';
import { howSmall } from './experiment-commands.ts';

const keysOf = (catalogue: Catalogue): readonly SettingKey[] =>
  settingKeysFor(catalogue).filter(key => !['method', 'structure', 'map', 'warm-start', 'out'].includes(key));

export const search: Command = {
  description: 'Find a structure under a budget, train it, evaluate it',
  examples: {
    'my.yaml --out runs/reviews': 'the whole job of a config file',
    '--model ./t5-base --task rte --budget 1.39bp --out runs/rte': 'the same with flags alone',
    '--resume --out runs/rte': 'go on with what was stopped',
    'my.yaml --score-within 1% --out runs/small': 'the smallest budget that scores as LoRA does, but for 1 %',
  },
  args: catalogue => ({
    ...configFileArg,
    ...settingsArgs(keysOf(catalogue), catalogue),
    ...withinArgs(catalogue),
    ...outArgs,
    ...logArg,
  }),
  stopping: savingState,
  async run(args, context) {
    if (args['score-within'] !== undefined) return howSmall.run(args, context);
    const settings = readSettings(args, keysOf(context.catalogue), context.catalogue);
    const place = runFolderOf(args, settings, context);
    const outcome = await withResumeHint(
      'search',
      place.out,
      whileTracked(args, place.out, context, tracked => runSearchJob(settings, { ...tracked, ...place })),
    );
    return outcomeOutput(outcome, context);
  },
};

const keys: readonly SettingKey[] = [
  ...(['model', 'task', 'data', 'method', 'structure', 'map', 'warm-start', 'space', 'budget', 'keep-inert'] as const),
  ...([
    'seed',
    'device',
    'threads',
    'recompute',
    'prepack',
    'precision',
    'lr',
    'head-lr',
    'clip-norm',
    'batch-size',
    'micro-batch',
    'retrain-epochs',
    'retrain-eval-every',
    'validation-loss',
  ] as const),
  ...(['preset', 'max-steps', 'max-length', 'max-validation', 'max-test', 'sentinel', 'answers'] as const),
];

export const train: Command = {
  description: 'Tune a given structure: a structure file, a manual method, or a random one',
  examples: {
    'my.yaml --method lora --out runs/lora': 'a manual method on the data of a config file',
    'my.yaml --structure runs/a/structure.json --seed 1 --out runs/b': 'what a search has kept, with another seed',
  },
  args: catalogue => ({ ...configFileArg, ...settingsArgs(keys, catalogue), ...outArgs, ...logArg }),
  stopping: savingState,
  async run(args, context) {
    const settings = readSettings(args, keys, context.catalogue);
    const place = runFolderOf(args, settings, context);
    const outcome = await withResumeHint(
      'train',
      place.out,
      whileTracked(args, place.out, context, tracked => runTrainJob(settings, { ...tracked, ...place })),
    );
    return outcomeOutput(outcome, context);
  },
};
