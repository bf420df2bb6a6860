import type { EncodedExample, Trainable } from '../runtime/program.ts';
import { norm } from '../training/clip.ts';

/** Orders of the bi-level step. Only the first leaves the mixed derivative out. */
export type BiLevelOrder = 'first' | 'second' | 'exact';

/** Where the derivative is taken, and along which v ≠ 0, as long as `delta`. */
export interface MixedDerivativePoint {
  readonly batch: readonly EncodedExample[];
  readonly delta: Float32Array;
  readonly gates: Float32Array;
  readonly direction: Float32Array;
}

/** ∂²L/∂z∂w · v, one number a module: how L's gradient by the gates changes as w moves along v. */
export type MixedDerivative = (program: Trainable, point: MixedDerivativePoint) => Promise<Float64Array>;

/** Length of the finite difference's step: ε = PERTURBATION / ‖v‖. */
const PERTURBATION = 0.01;

/** (∇z L(w + εv) − ∇z L(w − εv)) / 2ε: the paper's form (method, section 5.3), two losses and gradients. */
const centralDifference: MixedDerivative = async (program, { batch, delta, gates, direction }) => {
  const epsilon = PERTURBATION / norm(direction);
  const plus = await program.lossAndGradients(batch, moved(delta, direction, epsilon), gates);
  const minus = await program.lossAndGradients(batch, moved(delta, direction, -epsilon), gates);
  return Float64Array.from(plus.gates, (value, i) => (value - minus.gates[i]!) / (2 * epsilon));
};

/** ∂/∂z ⟨∇w L, v⟩ by differentiating the gradient: no step, so no kink is stepped over. */
const exactDerivative: MixedDerivative = async (program, { batch, delta, gates, direction }) =>
  Float64Array.from(await program.mixedDerivative(batch, delta, gates, direction));

/** How each order takes the correction of α's gradient; `undefined` where it takes none. */
export const mixedDerivatives: Readonly<Record<BiLevelOrder, MixedDerivative | undefined>> = {
  first: undefined,
  second: centralDifference,
  exact: exactDerivative,
};

/** w + scale·direction, rounded to float32. */
function moved(delta: Float32Array, direction: Float32Array, scale: number): Float32Array {
  return delta.map((value, i) => value + scale * direction[i]!);
}
