import type { Layout, ParameterLayout } from '../core/program.ts';

/** Whether modules learn at the rates that suit their kind and their number, or all at one. */
export const rateChoices = ['suited', 'one'] as const;
export type RateChoice = (typeof rateChoices)[number];

/** Learning rates of a step. */
export interface StepRates {
  readonly learningRate: number;
  /** Of the heads (default: `learningRate`). */
  readonly headLearningRate?: number | undefined;
  /** Whether each kind of delta learns at the multiple of `learningRate` that suits it (`ParameterSpec.rate`). */
  readonly kindRates?: boolean | undefined;
}

/** A stretch of the delta vector that learns at a rate of its own. */
export interface RateStretch {
  readonly begin: number;
  /** After its last element. */
  readonly end: number;
  readonly learningRate: number;
}

/** What does not learn at `learningRate`, in the order of the delta vector; what meets and learns alike is one. */
export function rateStretches(
  { modules, heads }: Pick<Layout, 'modules' | 'heads'>,
  { learningRate, headLearningRate = learningRate, kindRates = false }: StepRates,
): RateStretch[] {
  const stretches: RateStretch[] = [];
  const add = ({ offset, size }: ParameterLayout, rate: number) => {
    if (rate === learningRate) return;
    const last = stretches.at(-1);
    const meets = last?.end === offset && last.learningRate === rate;
    const begin = meets ? stretches.pop()!.begin : offset;
    stretches.push({ begin, end: offset + size, learningRate: rate });
  };
  if (kindRates) {
    for (const parameter of modules.flatMap(({ parameters }) => parameters)) {
      add(parameter, learningRate * parameter.rate);
    }
  }
  for (const parameter of heads.flatMap(({ parameters }) => parameters)) add(parameter, headLearningRate);
  return stretches;
}

/** As many modules train at the whole of the learning rate. */
const fewModules = 4;

/**
 * The share of the learning rate that suits a training of so many modules at once: the root of 4 over their number, and
 * never above 1. Each of them moves what the backbone computes; steps that suit a few add up to too much where there
 * are many. Measured from 1 to 125 modules: docs/measured/found-or-random.md.
 */
export function shareOfModules(modules: number): number {
  return Math.min(1, Math.sqrt(fewModules / Math.max(1, modules)));
}
