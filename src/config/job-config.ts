import type { AnswerMode } from '../core/program.ts';
import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { StageConfig } from '../training/stage.ts';
import type { ResolvedSettings } from './resolve.ts';
import type { Settings } from './settings.ts';

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

/** What the settings say of sizes and rates. */
export interface JobSizes {
  readonly encoding: EncodingOptions;
  /** Of the search, whatever its strategy. */
  readonly search: StageConfig;
  /** Of the tuning of what is kept. */
  readonly tuning: StageConfig;
}

/**
 * Most heads begin fresh, beside modules that begin as nothing on a backbone that is good already: they are what a
 * short training waits for. What they read may be small (MiniLM's pooler gives numbers of 0.06), and then a rate below
 * this leaves them where they began; a head of two layers is as good at a tenth of it (docs/backbones.md).
 */
const headLearningRate = 1e-2;

export function jobSizes(settings: ResolvedSettings): JobSizes {
  const { seed, 'batch-size': batchSize, 'micro-batch': microBatch, 'max-steps': maxSteps } = settings;
  const ofBoth = {
    ...(maxSteps !== undefined && { maxSteps }),
    batchSize,
    ...(microBatch !== undefined && { microBatch }),
    learningRate: settings.lr,
    headLearningRate: settings['head-lr'] ?? Math.max(headLearningRate, settings.lr),
    clipNorm: settings['clip-norm'],
    seed,
  };
  return {
    encoding: {
      maxLength: settings['max-length'],
      maxValidation: settings['max-validation'],
      maxTest: settings['max-test'],
      batchSize,
      sentinel: settings.sentinel,
      answers: settings.answers,
      seed,
    },
    search: { ...ofBoth, epochs: settings.epochs, evaluateEvery: settings['eval-every'] },
    tuning: {
      ...ofBoth,
      epochs: settings['retrain-epochs'],
      evaluateEvery: settings['retrain-eval-every'],
      ...(settings['validation-loss'] && { validationLoss: true }),
    },
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
