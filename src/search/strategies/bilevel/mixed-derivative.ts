import { addScaled, norm } from '../../../core/arrays.ts';
import type { EncodedExample, Trainable } from '../../../core/program.ts';

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
 * none. What they cost stands in `step-cost.ts`.
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
