import { addScaled, norm } from '../../../core/arrays.ts';
import { InputError } from '../../../core/errors.ts';
import type { EncodedExample, Trainable } from '../../../core/program.ts';
import { permutation } from '../../../core/random.ts';
import type { StepBatch } from '../../../training/stage.ts';

/** Where the derivative is taken, and along which v ≠ 0, as long as `delta`. */
export interface MixedDerivativePoint {
  readonly batch: readonly EncodedExample[];
  readonly delta: Float32Array;
  readonly gates: Float32Array;
  /** ∇z L here, which the virtual step has computed already. */
  readonly gateGradient: Float32Array;
  readonly direction: Float32Array;
}

/** ∂²L/∂z∂w · v, one number a module: how L's gradient by the gates changes as w moves along v. */
export type MixedDerivative = (program: Trainable, point: MixedDerivativePoint) => Promise<Float64Array>;

/** Lengths of the finite differences' steps: ε‖v‖, the paper's and that of the one-sided form. */
const CENTRAL_STEP = 0.01;
const ONE_SIDED_STEP = 0.001;

/** (∇z L(w + εv) − ∇z L(w − εv)) / 2ε: the paper's form (method, section 5.3), two losses and gradients. */
const centralDifference: MixedDerivative = async (program, { batch, delta, gates, direction }) => {
  const epsilon = CENTRAL_STEP / norm(direction);
  const plus = await program.lossAndGradients(batch, moved(delta, direction, epsilon), gates);
  const minus = await program.lossAndGradients(batch, moved(delta, direction, -epsilon), gates);
  return Float64Array.from(plus.gates, (value, i) => (value - minus.gates[i]!) / (2 * epsilon));
};

/**
 * (∇z L(w + εv) − ∇z L(w)) / ε: one loss and gradient, as ∇z L(w) is known. Where L is smooth its error falls as ε, the
 * central difference's as ε², so the step is a tenth of the paper's: on gelu both are then about as far from the exact
 * derivative. On relu neither is near: a step over a kink counts as 1/ε, so the shorter one is further off (2 to 4
 * times the derivative's own length where the paper's is off by half of it; `test/witness/mixed-derivatives.test.ts`).
 */
const oneSidedDifference: MixedDerivative = async (program, { batch, delta, gates, gateGradient, direction }) => {
  const epsilon = ONE_SIDED_STEP / norm(direction);
  const ahead = await program.lossAndGradients(batch, moved(delta, direction, epsilon), gates);
  return Float64Array.from(ahead.gates, (value, i) => (value - gateGradient[i]!) / epsilon);
};

/** ∂/∂z ⟨∇w L, v⟩ by differentiating the gradient: no step, so no kink is stepped over. */
const exactDerivative: MixedDerivative = async (program, { batch, delta, gates, direction }) =>
  Float64Array.from(await program.mixedDerivative(batch, delta, gates, direction));

/**
 * Orders of the bi-level step: how each takes the correction of α's gradient, `undefined` for the first, which takes
 * none. What they cost stands below, in `stepEvaluations` and `stepArrays`.
 */
export const mixedDerivatives = {
  first: undefined,
  'one-sided': oneSidedDifference,
  second: centralDifference,
  exact: exactDerivative,
} satisfies Record<string, MixedDerivative | undefined>;

/** Name of an order of the step, as `--order` takes it. */
export type BiLevelOrder = keyof typeof mixedDerivatives;

/** w + scale·direction, rounded to float32. */
function moved(delta: Float32Array, direction: Float32Array, scale: number): Float32Array {
  const result = delta.slice();
  addScaled(result, direction, scale);
  return result;
}

/** D_train in two halves drawn at random: D_δ trains the modules' parameters, D_α trains α (method, section 5). */
export interface Halves<T> {
  readonly delta: readonly T[];
  readonly alpha: readonly T[];
}

/**
 * @returns halves that hold every example once; of an odd number the extra one goes to D_δ
 * @throws InputError where there are too few examples for two halves
 */
export function splitHalves<T>(examples: readonly T[], seed: number): Halves<T> {
  if (examples.length < 2) {
    throw new InputError(`a search needs at least 2 training examples, there are ${examples.length}`, {
      code: 'too-few-examples',
      remedy: 'give more training data, or tune a given structure with `s3delta train`',
    });
  }
  const shuffled = Array.from(permutation(examples.length, seed, 'search/halves'), index => examples[index]!);
  const middle = Math.ceil(shuffled.length / 2);
  return { delta: shuffled.slice(0, middle), alpha: shuffled.slice(middle) };
}

/**
 * Loss-and-gradient evaluations of a step, on its batch of D_δ and on that of D_α. A Hessian-vector product counts as
 * the two that it stands for, which is about its time.
 */
export const stepEvaluations: Readonly<Record<BiLevelOrder, { readonly delta: number; readonly alpha: number }>> = {
  first: { delta: 1, alpha: 1 },
  'one-sided': { delta: 3, alpha: 1 },
  second: { delta: 4, alpha: 1 },
  exact: { delta: 4, alpha: 1 },
};

/**
 * float32 arrays as long as the delta vector that a step holds: w, its two moments, the gradient and z ⊙ w; in the
 * orders above the first also w′ and its moments and w ± εv.
 */
export const stepArrays: Readonly<Record<BiLevelOrder, number>> = { first: 5, 'one-sided': 10, second: 10, exact: 10 };

/** The batches of a step: of D_δ, whose epochs are the search's, then of D_α. */
export function stepBatches(
  { delta, alpha }: Halves<EncodedExample>,
  order: BiLevelOrder,
): readonly [delta: StepBatch, alpha: StepBatch] {
  const { delta: onDelta, alpha: onAlpha } = stepEvaluations[order];
  return [
    { examples: delta, stream: 'search/delta', evaluations: onDelta },
    { examples: alpha, stream: 'search/alpha', evaluations: onAlpha },
  ];
}
