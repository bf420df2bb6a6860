import { z } from 'zod';
import { flag, key, positive, positiveInteger } from '../core/key.ts';
import { answerModes } from '../core/program.ts';
import { optionKeys, strategies, strategyNames } from '../search/strategies/strategies.ts';
import { spaceNames, spaces } from '../structure/spaces.ts';
import { presetNames } from './presets.ts';

/** A number in a YAML file (`budget: 5000`) means the same as its text. */
const text = z.union([z.string().min(1), z.number().transform(String)]);

/**
 * Every key of a config file, which is also every flag of the command line, by the same name.
 * All are optional here: what is left out comes from the task's preset and the defaults (see `resolve.ts`).
 */
export const settingsSchema = z.strictObject({
  model: key(
    text,
    'model: a folder with config.json, weights and tokenizer, org/name[@revision] on the Hub, or `mini`, the built-in one',
    {
      hint: 'FOLDER|ORG/NAME',
    },
  ),
  task: key(text, 'task: a built-in one (see `s3delta tasks`) or a task.yaml of your own', { hint: 'NAME' }),
  data: key(
    text,
    "folder with the task's data files, or org/name[@revision] of a data set on the Hub (default: data/ in the folder that $S3DELTA_SHARED names)",
    { hint: 'FOLDER|ORG/NAME' },
  ),
  space: key(
    z.enum(spaceNames),
    `search space: ${spaceNames.map(name => `${name} (${spaces[name].description})`).join(', ')}`,
  ),
  budget: key(
    text,
    'trainable parameters to spend: `0.0139%`, `1.39e-4`, `1.39bp` (1e-4 of the backbone), or a count, `5000`',
    {
      hint: 'AMOUNT',
    },
  ),
  method: key(
    z.enum([
      ...(['lora', 'adapter', 'low-rank-adapter', 'bitfit', 'lnfit', 'fine-tuning', 'random'] as const),
      ...(['tuned-lora', 'best-of-random'] as const),
    ]),
    'tune with a manual structure instead of a found one; `random` draws one of the given budget, `best-of-random` as ' +
      'many as cost what a search does, `tuned-lora` spreads LoRA evenly over it and tunes the learning rate on validation',
  ),
  structure: key(text, 'tune with the modules kept in this structure.json', { hint: 'FILE' }),
  map: key(
    z.enum(['relative']),
    'how to carry --structure over from another model: relative, each module to the same place at the same relative depth',
  ),
  seed: key(z.coerce.number().int().nonnegative(), 'seed of everything drawn: split, initial values, batches, gates', {
    hint: 'N',
  }),
  out: key(text, 'run folder to write; a new or empty one', { hint: 'FOLDER' }),
  device: key(
    z.enum(['auto', 'cpu', 'webgpu', 'cuda']),
    'where to compute: cpu, webgpu (any GPU with a Vulkan, Metal or Direct3D 12 driver), cuda (NVIDIA), or auto, which ' +
      'multiplies matrices on each for a second or two and takes the fastest',
  ),
  strategy: key(
    z.enum(strategyNames),
    `how to search: ${strategies.map(({ name, description }) => `${name}, ${description}`).join('; ')}`,
  ),
  ...optionKeys,
  epochs: key(
    positiveInteger,
    'passes of the search over the examples that it trains modules on, for S³Delta a half of the training set',
    { hint: 'N' },
  ),
  'batch-size': key(positiveInteger, 'examples a step', { hint: 'N' }),
  'micro-batch': key(
    positiveInteger,
    'most examples computed at once (default: what suits the caches); fewer take less memory, the gradients are the same',
    { hint: 'N' },
  ),
  'eval-every': key(positiveInteger, 'steps of the search between two validations', { hint: 'N' }),
  lr: key(positive, "learning rate of the modules' parameters", { hint: 'R' }),
  'clip-norm': key(positive, 'largest norm of a gradient; longer ones are scaled down', { hint: 'N' }),
  'retrain-epochs': key(positiveInteger, 'passes of the re-training over the training set', { hint: 'N' }),
  'retrain-eval-every': key(positiveInteger, 'steps of the re-training between two validations', { hint: 'N' }),
  'max-steps': key(positiveInteger, 'end a stage after this many steps, where its epochs have not ended it before', {
    hint: 'N',
  }),
  preset: key(
    z.enum(presetNames),
    'sizes of a run where nothing else is said: paper (its table 3) or mini (minutes on two cores; default for mini)',
  ),
  'max-length': key(z.coerce.number().int().min(2), 'longest source, in tokens; longer ones are cut', { hint: 'N' }),
  'max-validation': key(positiveInteger, 'use at most this many validation examples, drawn at random', { hint: 'N' }),
  'max-test': key(positiveInteger, 'use at most this many test examples, drawn at random', { hint: 'N' }),
  sentinel: key(
    flag,
    'write answers after <extra_id_0>, as span corruption does (default: as the model was pre-trained, by its config.json)',
    { off: 'write bare answers' },
  ),
  answers: key(
    z.enum(answerModes),
    'how validations and tests get answers: generate, written by the model (where it writes any, the default), or choose, ' +
      'the likeliest of the labels, so that every answer is one of them',
  ),
  'keep-inert': key(
    flag,
    'let the final structure hold modules that cannot change the output (biases on key projections)',
  ),
  retrain: key(flag, 're-train and evaluate what the search has kept', { off: 'stop after the search' }),
  'random-baseline': key(flag, 'also re-train a random structure of equal budget, to compare with'),
  recompute: key(
    flag,
    'hold only what enters each sub-layer and compute the rest again: less memory, some 40 % more time (best with --no-prepack)',
  ),
  precision: key(
    z.enum(['float32', 'int8']),
    'what the products of the frozen blocks are computed in: float32, or int8, dynamically quantised, forward and backward: faster, fewer bytes of weights, and gradients that are off by some percent',
  ),
  prepack: key(flag, 'hold a copy of the weights in the order that is fastest to read', {
    off: 'read the weights as they lie in their file: less memory, some 15 % more time',
  }),
  // More than any machine has would only fill the memory with stacks.
  threads: key(positiveInteger.max(1024), 'processor threads to use (default: as many as there are cores)', {
    hint: 'N',
  }),
});

/** Keys as a user gives them, checked one by one, nothing filled in. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;
export type SettingKey = keyof Settings;

export const settingKeys = Object.keys(settingsSchema.shape) as SettingKey[];
