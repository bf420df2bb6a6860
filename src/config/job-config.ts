import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { checkArgument } from '../core/checked-values.ts';
import type { AnswerMode } from '../core/program.ts';
import type { Model } from '../models/model.ts';
import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { Task } from '../tasks/task.ts';
import { type StageConfig, searchByTraining } from '../training/stage.ts';
import { parseSettings } from './parse-settings.ts';
import { choosePreset, withPaperValues } from './presets.ts';
import { type ChosenStrategy, chosenStrategy, type ResolvedSettings, resolveSettings } from './resolve.ts';
import type { Settings } from './settings.ts';

/** What a job chooses from, and how much it may keep, as a user writes it. */
export interface SpaceSettings {
  readonly space: string;
  /** `1.39bp`, `0.0139%`, `5000`, …; without one all of the space may be kept. */
  readonly budget?: string | undefined;
  readonly 'keep-inert': boolean;
}

/** How a task's data are encoded, and how much of them. */
export interface EncodingOptions {
  /** Longest input in tokens. */
  readonly maxLength: number;
  /** Most examples of the set, drawn by the seed; all of them without it. */
  readonly maxValidation?: number | undefined;
  readonly maxTest?: number | undefined;
  /** Examples that are answered at once. */
  readonly batchSize: number;
  /** Whether answers are written after a sentinel (default: as the model was pre-trained). */
  readonly sentinel?: boolean | undefined;
  /** How validations and tests get their answers (default: as the model answers best). */
  readonly answers?: AnswerMode | undefined;
  readonly seed: number;
}

/** A job's settings in values: made once, for whatever comes after to read instead of them. */
export interface JobConfig extends ChosenStrategy {
  readonly settings: ResolvedSettings;
  readonly encoding: EncodingOptions;
  readonly space: SpaceSettings;
  /** What is tuned where no search finds it: a structure file, to be mapped or not, or a manual method. */
  readonly given: Pick<Settings, 'method' | 'structure' | 'map' | 'warm-start'>;
  /** Sizes and rates of the search, whatever its strategy. */
  readonly stage: StageConfig;
  /** Whether the search, within `stage`, is as long as suits the training: known once there are data. */
  readonly searchByTraining: boolean;
  /** The same of the tuning of what is kept. */
  readonly tuning: StageConfig;
  /** How many structures a search job tunes: what it finds, and a random one where that was asked for. */
  readonly tunings: 0 | 1 | 2;
}

/**
 * Most heads begin fresh, beside modules that begin as nothing on a backbone that is good already: they are what a
 * short training waits for. What they read may be small (MiniLM's pooler gives numbers of 0.06), and then a rate below
 * this leaves them where they began; a head of two layers is as good at a tenth of it (docs/backbones.md).
 */
const headLearningRate = 1e-2;

/** @throws InputError for a strategy there is not, and options that are not its own */
export function jobConfig(settings: ResolvedSettings, catalogue: Catalogue = builtIn): JobConfig {
  const { seed, 'batch-size': batchSize, 'micro-batch': microBatch, 'max-steps': maxSteps } = settings;
  const { space, budget, 'keep-inert': keepInert, method, structure, map, 'warm-start': warmStart } = settings;
  const { 'search-steps': searchSteps } = settings;
  const isByTraining = searchSteps === searchByTraining;
  const mostSteps = Math.min(
    ...[maxSteps, isByTraining ? undefined : searchSteps].filter(limit => limit !== undefined),
  );
  const ofBoth = {
    ...(maxSteps !== undefined && { maxSteps }),
    batchSize,
    ...(microBatch !== undefined && { microBatch }),
    learningRate: settings.lr,
    headLearningRate: settings['head-lr'] ?? Math.max(headLearningRate, settings.lr),
    ...(settings.rates === 'suited' && { sharedRate: true, kindRates: true }),
    clipNorm: settings['clip-norm'],
    seed,
  };
  return {
    ...chosenStrategy(settings, catalogue),
    settings,
    encoding: {
      maxLength: settings['max-length'],
      maxValidation: settings['max-validation'],
      maxTest: settings['max-test'],
      batchSize,
      sentinel: settings.sentinel,
      answers: settings.answers,
      seed,
    },
    space: { space, budget, 'keep-inert': keepInert },
    given: { method, structure, map, 'warm-start': warmStart },
    stage: {
      ...ofBoth,
      ...(mostSteps < Number.POSITIVE_INFINITY && { maxSteps: mostSteps }),
      epochs: settings.epochs,
      evaluateEvery: settings['eval-every'],
    },
    searchByTraining: isByTraining,
    tuning: {
      ...ofBoth,
      epochs: settings['retrain-epochs'],
      evaluateEvery: settings['retrain-eval-every'],
      ...(settings['validation-loss'] && { validationLoss: true }),
    },
    tunings: settings.retrain ? (settings['random-baseline'] ? 2 : 1) : 0,
  };
}

/** What of the settings tells how programs are compiled, their device being chosen (`chooseDevice`). */
export type Placed = Pick<Settings, 'threads' | 'prepack' | 'recompute' | 'precision'> & {
  readonly device: DeviceName;
};

/** The same for those that compile. */
export function compileSettings({ device, threads, prepack, recompute, precision }: Placed): CompileSettings {
  return {
    device,
    ...(threads !== undefined && { threads }),
    ...(prepack !== undefined && { prepack }),
    ...(recompute !== undefined && { recompute }),
    ...(precision !== undefined && { precision }),
  };
}

/** The settings of a stage that is given its model and its data: those of a config file that still say something. */
export type StageSettings = Omit<
  Settings,
  'model' | 'task' | 'data' | 'method' | 'structure' | 'out' | 'device' | 'threads' | 'retrain' | 'random-baseline'
>;

/**
 * Makes values of settings, what was left out among them: the only way from one to the other.
 * @throws InputError as `completeSettings`
 */
export function resolveConfig(
  ...[model, task, given, tuned, catalogue]: Parameters<typeof completeSettings>
): JobConfig {
  return jobConfig(completeSettings(model, task, given, tuned, catalogue), catalogue);
}

/**
 * Fills what was left out, from the preset of the model or the task and the paper's defaults. Complete settings come
 * back as they are.
 * @param tuned space or method of the structure that is tuned, where one is given
 * @throws InputError for a key there is not, a value it cannot have, and keys that contradict each other
 */
export function completeSettings(
  model: Pick<Model, 'name' | 'learningRate'>,
  task: Pick<Task, 'name' | 'presets' | 'maxSourceLength'>,
  given: Settings,
  tuned?: string,
  catalogue: Catalogue = builtIn,
): ResolvedSettings {
  checkArgument('settings', z.looseObject({}, { error: 'settings by their keys, for example `{ epochs: 2 }`' }), given);
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = withPaperValues(
    parseSettings(said, key => key, catalogue),
    catalogue,
  );
  const own = choosePreset(model.name, { ...task.presets, maxLength: task.maxSourceLength }, parsed.preset);
  // Who asks for the paper's sizes gets its rate, too.
  const suited = parsed.preset === 'paper' ? undefined : model.learningRate;
  const preset = { ...(suited !== undefined && { learningRate: suited }), ...own };
  return resolveSettings({ model: model.name, task: task.name, ...parsed }, preset, tuned, catalogue);
}
