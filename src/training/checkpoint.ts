import { dirname } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { makeFolder } from '../files/folders.ts';
import { isThere } from '../files/regular-file.ts';
import { withDamageRemedy } from '../files/safetensors.ts';
import { type NumberArray, readSafetensors, writeSafetensors } from '../files/safetensors-arrays.ts';
import type { Stage, StepReport } from './stage.ts';

/** Everything a run needs to go on: named arrays, and a JSON value for the rest. */
export interface CheckpointState {
  readonly arrays: Readonly<Record<string, NumberArray>>;
  readonly meta: unknown;
}

/** Where a run's state is kept. `save` replaces the former state whole or, where it fails, not at all. */
export interface CheckpointStore {
  /** Names the store in messages. */
  readonly where?: string;
  /** Keeps a state in place of the last one: all of it or nothing. */
  save(state: CheckpointState): Promise<void>;
  /** The last state saved, or undefined where there is none. */
  load(): Promise<CheckpointState | undefined>;
}

const META_KEY = 's3delta.checkpoint';

const BEGIN_ANEW = 'remove the file: the stage then begins anew';
const DAMAGED = `the file has been damaged; ${BEGIN_ANEW} with --resume`;

/** A store in one safetensors file; its folder is made at the first save. */
export function checkpointFile(path: string): CheckpointStore {
  async function save({ arrays, meta }: CheckpointState): Promise<void> {
    const tensors = Object.entries(arrays).map(([name, data]) => [name, { data, shape: [data.length] }] as const);
    await makeFolder(dirname(path));
    await writeSafetensors(path, { metadata: { [META_KEY]: JSON.stringify(meta) }, tensors: new Map(tensors) });
  }

  async function load(): Promise<CheckpointState | undefined> {
    if (!isThere(path)) return undefined;
    const { metadata, tensors } = await withDamageRemedy(DAMAGED, () => readSafetensors(path));
    const arrays = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data]));
    return { arrays, meta: parseMeta(metadata[META_KEY], path) };
  }

  return { where: path, save, load };
}

function parseMeta(text: string | undefined, path: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (cause) {
    throw new InputError('this is not a checkpoint of s3delta', {
      code: 'unreadable-state',
      where: path,
      remedy: BEGIN_ANEW,
      cause,
    });
  }
}

/** Where a stage stands, beside its arrays: what a checkpoint adds to them. */
export interface Progress {
  step: number;
  /** The step whose evaluation is done: an interruption may come between a step and its evaluation. */
  evaluatedStep: number;
  bestStep: number;
  bestScore: number;
  /** Validation loss of the best evaluation; NaN where it is not taken. */
  bestLoss: number;
  best: Record<string, NumberArray>;
  /** Sum of the losses of the steps since the last evaluation. */
  lossSum: number;
  /** Of the last step. */
  learningRate: number;
  seconds: number;
}

export function startProgress(): Progress {
  const counters = { step: 0, evaluatedStep: 0, bestStep: 0, lossSum: 0, learningRate: 0, seconds: 0 };
  return { ...counters, bestScore: Number.NEGATIVE_INFINITY, bestLoss: Number.NaN, best: {} };
}

const savedMeta = z.object({
  step: z.int().nonnegative(),
  evaluatedStep: z.int().nonnegative(),
  bestStep: z.int().nonnegative(),
  lossSum: z.number(),
  learningRate: z.number(),
  seconds: z.number(),
  settings: z.record(z.string(), z.string()),
});

const BEST_PREFIX = 'best.';
const BEST_SCORE = 'score';
const BEST_LOSS = 'validationLoss';

/** The whole state, to be saved. */
export function snapshot(
  stage: Stage<StepReport>,
  { bestScore, bestLoss, best, ...counters }: Progress,
): CheckpointState {
  const keptBest = Object.entries(best).map(([name, array]) => [BEST_PREFIX + name, array]);
  // These are kept as arrays because JSON has no infinities.
  const worth = {
    [BEST_SCORE]: Float64Array.of(bestScore),
    ...(stage.validationLoss && { [BEST_LOSS]: Float64Array.of(bestLoss) }),
  };
  return {
    arrays: { ...stage.arrays, ...Object.fromEntries(keptBest), ...worth },
    meta: { ...counters, settings: asText(stage.settings) },
  };
}

/** JSON has no infinities (of a clip norm, for example), text has. */
function asText(settings: Stage<StepReport>['settings']): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
}

function checkSettings(saved: Record<string, string>, wanted: Record<string, string>, where?: string): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(wanted)])) {
    if (saved[key] !== wanted[key]) {
      throw new InputError(`the saved run had ${key} = ${saved[key]}, this one has ${wanted[key]}`, {
        code: 'other-settings',
        where,
        remedy: 'resume with the same settings, or start anew in another output folder',
      });
    }
  }
}

/**
 * Takes a saved state up: sets the stage's arrays, returns where it stood.
 * @throws InputError where the state is damaged, or of a stage with other settings or sizes; `where` names it
 */
export function restore(stage: Stage<StepReport>, { arrays, meta }: CheckpointState, where?: string): Progress {
  const parsed = savedMeta.safeParse(meta);
  const remedy = 'it is damaged or of another version: remove it, and the stage begins anew';
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError(`the saved state cannot be read: ${path.join('.') || 'content'}: ${message}`, {
      code: 'unreadable-state',
      where,
      remedy,
    });
  }
  const { settings, ...counters } = parsed.data;
  checkSettings(settings, asText(stage.settings), where);
  const { step, evaluatedStep } = counters;
  if (evaluatedStep > step || step > stage.steps) {
    throw new InputError(
      `the saved run stands at step ${step}, evaluated at ${evaluatedStep}, of ${stage.steps} steps`,
      { code: 'unreadable-state', where, remedy },
    );
  }
  const best = stage.kept.flatMap(name => {
    const saved = arrays[BEST_PREFIX + name];
    // Nothing is kept before the first evaluation.
    return saved === undefined && evaluatedStep === 0 ? [] : [[name, saved, stage.arrays[name]!] as const];
  });
  const score = [BEST_SCORE, arrays[BEST_SCORE], Float64Array.of(0)] as const;
  const live = Object.entries(stage.arrays).map(([name, array]) => [name, arrays[name], array] as const);
  for (const [name, saved, wanted] of [...live, ...best, score]) checkArray(name, saved, wanted, where);
  for (const [name, saved] of [...live, ...best]) {
    if (saved!.every(Number.isFinite)) continue;
    throw new InputError(`${name} holds numbers that are not finite`, { code: 'not-finite', where, remedy });
  }
  for (const [, saved, array] of live) array.set(saved!);
  return {
    ...counters,
    bestScore: score[1]![0]!,
    // What an earlier version has saved has none.
    bestLoss: arrays[BEST_LOSS]?.[0] ?? Number.NaN,
    best: Object.fromEntries(best.map(([name, saved]) => [name, saved!])),
  };
}

function checkArray(name: string, saved: NumberArray | undefined, wanted: NumberArray, where?: string): void {
  if (saved?.length === wanted.length && saved.constructor === wanted.constructor) return;
  const found = saved === undefined ? 'no numbers' : `${saved.length} numbers (${saved.BYTES_PER_ELEMENT} bytes each)`;
  throw new InputError(
    `the saved run has ${found} in ${name}, this one ${wanted.length} (${wanted.BYTES_PER_ELEMENT} bytes each)`,
    {
      code: 'other-settings',
      where,
      remedy: 'resume with the same model and structure, or start anew in another output folder',
    },
  );
}
