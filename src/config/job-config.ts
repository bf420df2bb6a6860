import type { AnswerMode } from '../core/program.ts';
import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { StageConfig } from '../training/stage.ts';
import type { ResolvedSettings } from './resolve.ts';
import type { Settings } from './settings.ts';

/** The sizes and rates of the search, whatever its strategy. */
export function searchStage(settings: ResolvedSettings): StageConfig {
  return { ...commonStage(settings), epochs: settings.epochs, evaluateEvery: settings['eval-every'] };
}

/** The same for the tuning of what is kept. */
export function tuneStage(settings: ResolvedSettings): StageConfig {
  return {
    ...commonStage(settings),
    epochs: settings['retrain-epochs'],
    evaluateEvery: settings['retrain-eval-every'],
  };
}

function commonStage(settings: ResolvedSettings) {
  return {
    ...(settings['max-steps'] !== undefined && { maxSteps: settings['max-steps'] }),
    batchSize: settings['batch-size'],
    ...(settings['micro-batch'] !== undefined && { microBatch: settings['micro-batch'] }),
    learningRate: settings.lr,
    clipNorm: settings['clip-norm'],
    seed: settings.seed,
  };
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

export function encodingOptions(settings: ResolvedSettings): EncodingOptions {
  return {
    maxLength: settings['max-length'],
    maxValidation: settings['max-validation'],
    maxTest: settings['max-test'],
    batchSize: settings['batch-size'],
    sentinel: settings.sentinel,
    answers: settings.answers,
    seed: settings.seed,
  };
}

/** Settings whose device is chosen (`chooseDevice`). */
export type Placed = Omit<Settings, 'device'> & { readonly device: DeviceName };

/** What the settings say of how programs are compiled. */
export function compileSettings({ device, threads, prepack, recompute, precision }: Placed): CompileSettings {
  return {
    device,
    ...(threads !== undefined && { threads }),
    ...(prepack !== undefined && { prepack }),
    ...(recompute !== undefined && { recompute }),
    ...(precision !== undefined && { precision }),
  };
}
