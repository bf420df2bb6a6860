import type { ResolvedSettings } from './resolve.ts';

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
  readonly order: 'first' | 'second';
  readonly gradient: 'global' | 'local';
  readonly tau: number;
  readonly beta: number;
  readonly alphaLearningRate: number;
  readonly keepInert: boolean;
}

/** The learning rates and sizes of the search, from the settings. */
export function searchStage(settings: ResolvedSettings): SearchStageConfig {
  return {
    ...commonStage(settings),
    epochs: settings.epochs,
    evaluateEvery: settings['eval-every'],
    order: settings.order,
    gradient: settings.gradient,
    tau: settings.tau,
    beta: settings.beta,
    alphaLearningRate: settings['alpha-lr'],
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
