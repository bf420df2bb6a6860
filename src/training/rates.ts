import type { DeltaModule } from '../core/site.ts';
import { type Delta, deltaOf } from '../deltas/delta.ts';
import type { StageConfig } from './stage.ts';

/** Whether a training takes the rate that suits its modules, or the same as any other. */
export const rateChoices = ['suited', 'one'] as const;
export type RateChoice = (typeof rateChoices)[number];

/** As many modules train at the whole of the learning rate. */
const fewModules = 4;

/**
 * The share of the learning rate that suits a training of so many modules at once: the root of 4 over their number, and
 * never above 1. Each of them moves what the backbone computes; steps that suit a few add up to too much where there
 * are many. Measured from 1 to 71 modules: docs/measured/found-or-random.md.
 */
export function shareOfModules(modules: number): number {
  return Math.min(1, Math.sqrt(fewModules / Math.max(1, modules)));
}

/**
 * How many times the learning rate suits a training of modules of these kinds: the least of what suits each alone
 * (`Delta.rate`). Biases bear eight times LoRA's rate, but not beside it.
 */
export function rateOfKinds(kinds: readonly Pick<Delta, 'rate'>[]): number {
  return kinds.length === 0 ? 1 : Math.min(...kinds.map(({ rate = 1 }) => rate));
}

/** The learning rate of a training of modules of these kinds, before it decays. */
export function rateOfTraining(
  { learningRate, sharedRate, kindRates }: Pick<StageConfig, 'learningRate' | 'sharedRate' | 'kindRates'>,
  kinds: readonly Pick<Delta, 'rate'>[],
): number {
  return learningRate * (sharedRate ? shareOfModules(kinds.length) : 1) * (kindRates ? rateOfKinds(kinds) : 1);
}

/**
 * A stage that compares modules of several kinds: at one rate for all, the least that suits any of them. At their own,
 * biases win every short look, and are overtaken.
 */
export function atOneRate({ kindRates, ...stage }: StageConfig, modules: readonly DeltaModule[]): StageConfig {
  if (!kindRates) return stage;
  return { ...stage, learningRate: stage.learningRate * rateOfKinds(modules.map(deltaOf)) };
}
