import type { L0Options } from './estimator.ts';
import { sigmoid } from './shifted-sigmoid.ts';

/**
 * The hard concrete distribution (Louizos, Welling and Kingma 2018, equations 10 to 13): a Binary Concrete s stretched
 * from (0, 1) to (l, r) with l < 0 and r > 1 and cut off again, z = min(1, max(0, s(r − l) + l)). So z is exactly 0, or
 * exactly 1, with probability above 0, and has a derivative in between.
 */
type Stretch = L0Options['stretch'];

/** Gates z of Binary Concrete draws s, or of their medians σ(logit): then the gates of evaluation. */
export function hardConcrete(soft: Float64Array, [low, high]: Stretch): Float64Array {
  return soft.map(s => Math.min(1, Math.max(0, s * (high - low) + low)));
}

/** From ∂L/∂z to ∂L/∂s: r − l times it, nothing where the gate is cut off. */
export function hardConcreteGradient(
  soft: Float64Array,
  gateGradient: ArrayLike<number>,
  [low, high]: Stretch,
): Float64Array {
  return soft.map((s, i) => {
    const stretched = s * (high - low) + low;
    return stretched > 0 && stretched < 1 ? gateGradient[i]! * (high - low) : 0;
  });
}

/** P(z > 0) = σ(logit − β·log(−l/r)): the expected L0 norm of each gate, one number a module. */
export function openProbability(logits: Float64Array, beta: number, [low, high]: Stretch): Float64Array {
  return logits.map(logit => sigmoid(logit - beta * Math.log(-low / high)));
}
