import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { ResolvedSettings } from './resolve.ts';
import type { Settings } from './settings.ts';

/** Sizes and rates of one training stage. */
export interface StageConfig {
  readonly epochs: number;
  readonly maxSteps?: number;
  readonly batchSize: number;
  readonly microBatch?: number;
  readonly evaluateEvery: number;
  readonly learningRate: number;
  readonly clipNorm: number;
  readonly seed: number;
}

export interface SearchStageConfig extends StageConfig {
  readonly order: 'first' | 'one-sided' | 'second' | 'exact';
  readonly estimator: 'concrete' | 'straight-through' | 'hard-concrete';
  readonly gradient: 'global' | 'local';
  readonly tau: number;
  readonly beta: number;
  readonly l0?: { readonly weight: number; readonly stretch: readonly [number, number] };
  readonly alphaLearningRate: number;
  readonly patience?: number;
  readonly keepInert: boolean;
}

/** The estimator that an objective and its gates name; hard gates under the L0 penalty are refused before. */
const estimatorNames = {
  budget: { soft: 'concrete', hard: 'straight-through' },
  l0: { soft: 'hard-concrete', hard: 'hard-concrete' },
} as const;

/** The learning rates and sizes of the search, from the settings. */
export function searchStage(settings: ResolvedSettings): SearchStageConfig {
  return {
    ...commonStage(settings),
    epochs: settings.epochs,
    evaluateEvery: settings['eval-every'],
    order: settings.order,
    estimator: estimatorNames[settings.objective][settings.gates],
    gradient: settings.gradient,
    tau: settings.tau,
    beta: settings.beta,
    ...l0Options(settings),
    alphaLearningRate: settings['alpha-lr'],
    ...(settings.patience !== undefined && { patience: settings.patience }),
    keepInert: settings['keep-inert'],
  };
}

/** The same for the re-training. */
export function retrainStage(settings: ResolvedSettings): StageConfig {
  return {
    ...commonStage(settings),
    epochs: settings['retrain-epochs'],
    evaluateEvery: settings['retrain-eval-every'],
  };
}

/** The penalty's options, which resolved settings have under the L0 objective alone. */
function l0Options(settings: ResolvedSettings): Pick<SearchStageConfig, 'l0'> {
  const { 'l0-weight': weight, 'stretch-low': low, 'stretch-high': high } = settings;
  if (weight === undefined || low === undefined || high === undefined) return {};
  return { l0: { weight, stretch: [low, high] } };
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
