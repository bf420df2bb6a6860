import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import type { StageConfig } from '../training/stage.ts';
import type { ResolvedSettings } from './resolve.ts';
import type { Settings } from './settings.ts';

/** The sizes and rates of the search, whatever its strategy. */
export function searchStage(settings: ResolvedSettings): StageConfig {
  return { ...commonStage(settings), epochs: settings.epochs, evaluateEvery: settings['eval-every'] };
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
