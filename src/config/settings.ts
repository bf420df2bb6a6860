import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import {
  batchCount,
  flag,
  inGroup,
  key,
  largeCount,
  list,
  positive,
  rate,
  workerCount,
} from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { answerModes } from '../core/program.ts';
import { builtInModels } from '../models/built-in.ts';
import { deviceNames } from '../runtime/device.ts';
import { precisions } from '../runtime/session.ts';
import { optionKeysOf } from '../search/strategies/strategies.ts';
import { mappings } from '../structure/map-structure.ts';
import { rateChoices } from '../training/rates.ts';
import { searchByTraining } from '../training/stage.ts';
import { miniSizes, paperDescription, presetNames } from './presets.ts';

/** A number in a YAML file (`budget: 5000`) means the same as its text. */
const text = z.union([z.string().min(1), z.number().transform(String)]);

/** The names of a list, as a closed set of words. */
function oneOf(names: readonly string[]) {
  return z.enum(names as [string, ...string[]]);
}

/** `name (what it is), name (what it is)` */
function described(list: Readonly<Record<string, { readonly description: string }>>): string {
  return Object.entries(list)
    .map(([name, { description }]) => `${name} (${description})`)
    .join(', ');
}

/** Headings of `--help`. */
const groups = {
  data: 'Model and data',
  structure: 'Structure',
  run: 'Run',
  search: 'Search',
  training: 'Length, batches and rates',
  answers: 'Texts and answers',
  machine: 'Time and memory',
} as const;

/** Keys before the options of the search strategies. */
const firstKeys = ({ spaces, methods, strategies }: Catalogue) => ({
  ...inGroup(groups.data, {
    model: key(
      text,
      'model: a folder with config.json, weights and tokenizer, org/name[@revision] on the Hub, or ' +
        `${Object.keys(builtInModels)
          .map(name => `\`${name}\``)
          .join(' or ')}, the built-in one`,
      {
        hint: 'FOLDER|ORG/NAME',
      },
    ),
    task: key(text, 'task: a built-in one (see `s3delta tasks`) or a task.yaml of your own', { hint: 'NAME' }),
    data: key(
      text,
      "folder with the task's data files, or org/name[@revision] of a data set on the Hub (default: data/ in " +
        'the folder that $S3DELTA_SHARED names, without it in the working folder)',
      { hint: 'FOLDER|ORG/NAME' },
    ),
    plugins: key(
      list(z.string().min(1)),
      'files of plugins, which add deltas, spaces, methods, strategies, tasks, metrics, families or exporters ' +
        '(docs/plugins.md)',
      { hint: 'FILE,…' },
    ),
  }),
  ...inGroup(groups.structure, {
    space: key(oneOf(Object.keys(spaces)), `search space: ${described(spaces)}`),
    budget: key(
      text,
      'trainable parameters to spend: `0.0139%`, `1.39e-4`, `1.39bp` (1e-4 of the backbone), or a count, `5000` ' +
        `(default 1.39bp, the paper's${Object.entries(builtInModels)
          .map(([name, { rates }]) => `; ${rates.budget} for ${name}`)
          .join('')})`,
      {
        hint: 'AMOUNT',
      },
    ),
    method: key(
      oneOf(Object.keys(methods)),
      `tune with a manual structure instead of a found one; ${Object.entries(methods)
        .flatMap(([name, { description }]) => (description === undefined ? [] : [`\`${name}\` ${description}`]))
        .join(', ')}`,
    ),
    structure: key(text, 'tune with the modules kept in this structure.json', { hint: 'FILE' }),
    map: key(
      z.enum(mappings),
      'how to carry --structure over from another model: relative, each module to the same place at the same ' +
        'relative depth',
    ),
    'warm-start': key(flag, 'begin with what the run of --structure has trained, not afresh'),
  }),
  ...inGroup(groups.run, {
    seed: key(
      z.coerce.number().int().nonnegative(),
      'seed of everything drawn: split, initial values, batches, gates',
      {
        hint: 'N',
      },
    ),
    out: key(text, 'run folder to write; a new or empty one', { hint: 'FOLDER' }),
  }),
  ...inGroup(groups.search, {
    strategy: key(
      oneOf(strategies.map(({ name }) => name)),
      `how to search: ${strategies.map(({ name, description }) => `${name}, ${description}`).join('; ')}`,
    ),
  }),
});

/** Keys after them. */
const lastKeys = {
  ...inGroup(groups.training, {
    epochs: key(
      largeCount,
      'passes of the search over the examples that it trains modules on, which bilevel does on a ' +
        'half of the training set; who gives them ends the search by them, in place of --search-steps auto',
      { hint: 'N' },
    ),
    'batch-size': key(batchCount, `examples a step (preset mini: ${miniSizes.retrain.batchSize})`, { hint: 'N' }),
    'micro-batch': key(
      batchCount,
      'most examples computed at once (default: what suits the caches); fewer take less memory, the gradients ' +
        'are the same',
      { hint: 'N' },
    ),
    'search-steps': key(
      z.union([z.literal(searchByTraining), largeCount]),
      'end the search after this many steps, where --epochs and --max-steps have not ended it before; or auto, ' +
        'however many passes that is: an eighth of the steps of the training, and at least 75 where it has as many ' +
        '(default: auto, unless --epochs or --paper says how long)',
      { hint: 'N|auto' },
    ),
    'eval-every': key(
      largeCount,
      'steps of the search between two validations, or where its strategy makes none (sensitivity) between ' +
        `two lines of its log (preset mini: ${miniSizes.search.evaluateEvery})`,
      { hint: 'N' },
    ),
    lr: key(
      rate,
      "learning rate of the modules' parameters (default: the paper's 3e-4; for mini 5e-3 and for an encoder up to " +
        '2.5e-3, the narrower it is: of a few modules, see --rates)',
      { hint: 'R' },
    ),
    rates: key(
      z.enum(rateChoices),
      'suited: n modules learn at --lr times the root of 4/n where they are more than four, and BitFit, LNFit and ' +
        'IA3 by themselves at 8 times as much, low-rank adapters at 4; one: all at --lr, as in the paper (default: ' +
        'suited for mini and encoders, unless --lr or --paper says the rate)',
    ),
    'head-lr': key(
      rate,
      'learning rate of a head, where the model answers by one (default: 1e-2, or that of the modules where it ' +
        'is larger)',
      { hint: 'R' },
    ),
    'clip-norm': key(positive.max(1e9), 'largest norm of a gradient; longer ones are scaled down', { hint: 'N' }),
    'retrain-epochs': key(
      largeCount,
      `passes of the training over the training set (preset mini: ${miniSizes.retrain.epochs})`,
      { hint: 'N' },
    ),
    'retrain-eval-every': key(
      largeCount,
      `steps of the training between two validations (preset mini: ${miniSizes.retrain.evaluateEvery})`,
      { hint: 'N' },
    ),
    'validation-loss': key(flag, 'at each validation of the training also take the mean loss of the examples'),
    'max-steps': key(
      largeCount,
      'end a stage after this many steps, where its epochs have not ended it before ' +
        `(preset mini: ${miniSizes.maxSteps})`,
      {
        hint: 'N',
      },
    ),
    preset: key(
      z.enum(presetNames),
      "sizes of a run where nothing else is said: paper (its table 3 but for the search's length, which --paper " +
        'gives as well) or mini (minutes on two cores; default for mini)',
    ),
    paper: key(flag, `the paper's own values wherever nothing else is said: ${paperDescription}`),
  }),
  ...inGroup(groups.answers, {
    'max-length': key(
      z.coerce.number().int().min(2).max(1_000_000),
      `longest source, in tokens; longer ones are cut (preset mini: ${miniSizes.maxLength})`,
      {
        hint: 'N',
      },
    ),
    'max-validation': key(
      largeCount,
      `use at most this many validation examples, drawn at random (preset mini: ${miniSizes.maxValidation})`,
      { hint: 'N' },
    ),
    'max-test': key(
      largeCount,
      `use at most this many test examples, drawn at random (preset mini: ${miniSizes.maxTest})`,
      { hint: 'N' },
    ),
    sentinel: key(
      flag,
      'write answers after <extra_id_0>, as span corruption does (default: as the model was pre-trained, by its ' +
        'config.json)',
      { off: 'write bare answers' },
    ),
    answers: key(
      z.enum(answerModes),
      'how validations and tests get answers: generate, written by the model (where it writes any, the ' +
        'default), or choose, ' +
        'the likeliest of the labels, so that every answer is one of them',
    ),
  }),
  ...inGroup(groups.structure, {
    'keep-inert': key(
      flag,
      'let the final structure hold modules that cannot change the output (biases on key projections)',
    ),
  }),
  ...inGroup(groups.run, {
    retrain: key(flag, 'train and evaluate what the search has kept', { off: 'stop after the search' }),
    'random-baseline': key(flag, 'also train a random structure of equal budget, to compare with'),
  }),
  ...inGroup(groups.machine, {
    device: key(
      z.enum(['auto', ...deviceNames]),
      'where to compute: cpu, webgpu (any GPU with a Vulkan, Metal or Direct3D 12 driver), cuda (NVIDIA), or ' +
        'auto, which ' +
        'multiplies matrices on each for a second or two and takes the fastest',
    ),
    recompute: key(
      flag,
      'hold only what enters each sub-layer and compute the rest again: less memory, some 40 % more time (best ' +
        'with --no-prepack)',
    ),
    precision: key(
      z.enum(precisions),
      'what the products of the frozen blocks are computed in: float32, or int8, dynamically quantised, forward ' +
        'and backward: faster, fewer bytes of weights, and gradients that are off by some percent',
    ),
    prepack: key(flag, 'hold a copy of the weights in the order that is fastest to read', {
      off: 'read the weights as they lie in their file: less memory, some 15 % more time',
    }),
    // More than any machine has would only fill the memory with stacks.
    threads: key(workerCount, 'processor threads to use (default: as many as there are cores)', {
      hint: 'N',
    }),
  }),
};

const createSchema = (catalogue: Catalogue) =>
  z.strictObject({
    ...firstKeys(catalogue),
    ...inGroup(groups.search, optionKeysOf(catalogue.strategies)),
    ...lastKeys,
  });

/**
 * Every key of a config file, which is also every flag of the command line, by the same name.
 * All are optional here: what is left out comes from the task's preset and the defaults (see `resolve.ts`).
 */
export const settingsSchema = createSchema(builtIn);

export type SettingsSchema = typeof settingsSchema;

/**
 * The same with the names and options of a catalogue.
 * @throws InputError where a strategy has an option that is a key already
 */
export function settingsSchemaFor(catalogue: Catalogue): SettingsSchema {
  if (catalogue === builtIn) return settingsSchema;
  for (const { name, options } of catalogue.strategies) {
    for (const option of Object.keys(options.shape)) {
      if (!(option in lastKeys) && !Object.hasOwn(fixedKeys, option)) continue;
      throw new InputError(`the strategy ${name} has an option \`${option}\`, which every run has already`, {
        code: 'name-taken',
        remedy: 'call the option something else',
      });
    }
  }
  return createSchema(catalogue);
}

const fixedKeys = firstKeys(builtIn);

/** Keys as a user gives them, checked one by one, nothing filled in. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;
/** Name of a setting: a key of config files, and a flag. */
export type SettingKey = keyof Settings;

/** Every setting by its name, in the order of the help. */
export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[];

/** The keys with the options of a catalogue's strategies. */
export function settingKeysFor(catalogue: Catalogue): readonly SettingKey[] {
  return Object.keys(settingsSchemaFor(catalogue).shape) as SettingKey[];
}
