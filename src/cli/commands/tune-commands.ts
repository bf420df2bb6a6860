import { join } from 'node:path';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { requireMethodOrStructure } from '../../config/check-settings.ts';
import { type SettingKey, type Settings, settingKeysFor } from '../../config/settings.ts';
import { count } from '../../core/format.ts';
import { isThere } from '../../files/regular-file.ts';
import { runImportJob } from '../../jobs/import-job.ts';
import { writeReport } from '../../jobs/report-job.ts';
import { type JobOptions, runSearchJob, runTrainJob } from '../../jobs/run-job.ts';
import { offeredModel } from '../../models/built-in.ts';
import { runFolder } from '../../runs/run-folder.ts';
import type { Command, CommandContext } from '../command.ts';
import { withinArgs } from '../experiment-args.ts';
import { outcomeOutput, savingState, withResumeHint } from '../job-output.ts';
import type { ArgDef } from '../parse.ts';
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
    'rates',
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
  args: catalogue => ({
    ...configFileArg,
    ...settingsArgs(keys, catalogue),
    'from-peft': {
      type: 'string',
      valueHint: 'FOLDER',
      description:
        'go on from an adapter that PEFT has trained, a folder or `org/name`; it becomes OUT-adapter, a run too',
    },
    ...outArgs,
    ...logArg,
  }),
  stopping: savingState,
  async run(args, context) {
    const given = readSettings(args, keys, context.catalogue);
    const place = runFolderOf(args, given, context);
    const settings = await whoseStart(given, args['from-peft'] as string | undefined, place, context);
    const outcome = await withResumeHint(
      'train',
      place.out,
      whileTracked(args, place.out, context, tracked => runTrainJob(settings, { ...tracked, ...place })),
    );
    return outcomeOutput(outcome, context);
  },
};

/** With an adapter, its run is what training goes on from. It is made beside the run's folder where it is not there. */
async function whoseStart(
  given: Settings,
  adapter: string | undefined,
  { out, resume }: Pick<JobOptions, 'out' | 'resume'>,
  context: CommandContext,
): Promise<Settings> {
  if (adapter === undefined) return given;
  const folder = runFolder(`${out}-adapter`);
  const settings: Settings = { ...given, structure: folder.structure, 'warm-start': true };
  requireMethodOrStructure(settings);
  if (resume !== true || !isThere(folder.delta)) {
    const said = importKeys.flatMap(key => (given[key] === undefined ? [] : [[key, given[key]]]));
    await runImportJob(adapter, Object.fromEntries(said), { ...context, out: folder.path });
  }
  return settings;
}

/** What is to be said of an adapter, which knows neither its task nor where its model lies. */
const importKeys = ['model', 'task', 'data', 'max-length', 'sentinel', 'seed'] as const satisfies SettingKey[];

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

const demoKeys: readonly SettingKey[] = ['seed', 'budget', 'strategy', 'max-steps', 'device', 'threads', 'out'];

/**
 * A budget of the paper's size, at which the place of the modules matters (docs/measured/demo.md), and small enough for
 * a minute or two of two cores.
 */
export const demoSettings: Settings = {
  model: offeredModel,
  task: 'spam',
  'random-baseline': true,
  budget: '0.01%',
  'batch-size': 8,
  'max-length': 64,
  // A pass of each training over all e-mails.
  'retrain-epochs': 1,
  'max-steps': 500,
  'retrain-eval-every': 147,
};

export const demo: Command = {
  description: 'The whole job on the built-in model and real e-mail: spam or not, in minutes',
  examples: {
    '': 'one to three minutes on two cores',
    '--max-steps 50': 'a shorter one, which finds less',
  },
  args: Object.fromEntries(Object.entries(settingsArgs(demoKeys)).map(withDemoDefault)),
  stopping: savingState,
  async run(args, context) {
    const settings = { ...demoSettings, ...readSettings(args, demoKeys, context.catalogue) };
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
