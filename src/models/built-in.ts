import { fileURLToPath } from 'node:url';
import type { Preset } from '../tasks/task.ts';

/** A model that comes with the package. */
export interface BuiltInModel {
  readonly folder: string;
  /** Name of the preset that suits it, where none is named. */
  readonly preset: string;
  /** What suits it at the sizes of that preset. */
  readonly rates: Required<Pick<Preset, 'learningRate' | 'fineTuningLearningRate' | 'budget'>>;
}

/** Models that come with the package, by name; the first is the one that is offered where none is named. */
export const builtInModels: Readonly<Record<string, BuiltInModel>> = {
  mini: {
    folder: fileURLToPath(new URL('../../models/mini', import.meta.url)),
    preset: 'mini',
    // Where a search is worth its cost, at the rate that suits the few modules it keeps: at 0.05 % and more LoRA on all
    // values scores higher, and what holds much LoRA wants a third of the rate (docs/measured/found-or-random.md).
    rates: { learningRate: 5e-3, fineTuningLearningRate: 3e-4, budget: '0.01%' },
  },
};

/** The model of that name; undefined where it is none of the package's. */
export function builtInModel(name: string): BuiltInModel | undefined {
  return Object.hasOwn(builtInModels, name) ? builtInModels[name] : undefined;
}

/** Names of the models that come with the package, as `--model` takes them. */
export const builtInModelNames: readonly string[] = Object.keys(builtInModels);

/** The model that is offered where none is named. */
export const [offeredModel] = builtInModelNames as [string];
