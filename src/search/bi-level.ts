import type { EncodedExample, Trainable } from '../runtime/program.ts';
import { adamwStep, copyMoments, type Moments } from '../training/adamw.ts';
import { clipNorm, norm } from '../training/clip.ts';
import { checkFinite } from '../training/steps.ts';
import type { GateEstimator } from './estimator.ts';

/** What a search optimises. A step changes the arrays in place. */
export interface BiLevelState {
  /** The modules' parameters w. */
  readonly delta: Float32Array;
  readonly deltaMoments: Moments<Float32Array>;
  readonly alpha: Float64Array;
  readonly alphaMoments: Moments<Float64Array>;
}

export interface BiLevelOptions {
  readonly program: Trainable;
  readonly estimator: GateEstimator;
  readonly order: 'first' | 'second';
  /** Learning rate of w at this step. */
  readonly learningRate: number;
  /** Learning rate of α at this step. */
  readonly alphaLearningRate: number;
  /** Largest norm of each gradient. */
  readonly clipNorm: number;
  /** Steps done before, 0 at the first: it selects the random draws and the optimisers' bias correction. */
  readonly step: number;
}

export interface BiLevelReport {
  /** L_δ at the new α, before the step of w. */
  readonly loss: number;
  /** L_α, where α's gradient was taken. */
  readonly alphaLoss: number;
  /** Loss-and-gradient evaluations made: 2 in the first order, 5 in the second (3 where ∇w L_α vanishes). */
  readonly evaluations: number;
}

/** Length of the finite difference's step: ε = PERTURBATION / ‖v‖. */
const PERTURBATION = 0.01;

/** w + scale·direction, rounded to float32. */
function moved(delta: Float32Array, direction: Float32Array, scale: number): Float32Array {
  return delta.map((value, i) => value + scale * direction[i]!);
}

/**
 * One step of the bi-level search (method, section 5): α by the batch of D_α, looking one step of w ahead in the
 * second order, then w by the batch of D_δ at the new α. One draw of u serves every loss of the step. Where an
 * evaluation fails the state is left as it was.
 */
export async function biLevelStep(
  state: BiLevelState,
  deltaBatch: readonly EncodedExample[],
  alphaBatch: readonly EncodedExample[],
  options: BiLevelOptions,
): Promise<BiLevelReport> {
  const { program, estimator, order, learningRate, alphaLearningRate, step } = options;
  const { gates, backward } = estimator.sample(state.alpha, step);
  const adamw = { learningRate, step: step + 1 };
  let evaluations = 0;
  const evaluate: Trainable['lossAndGradients'] = (...args) => {
    evaluations += 1;
    return program.lossAndGradients(...args);
  };

  let outlook = state.delta;
  if (order === 'second') {
    // The virtual step takes the gradient unclipped, and leaves the optimiser's own state alone.
    const { delta: gradient } = await evaluate(deltaBatch, state.delta, gates);
    outlook = state.delta.slice();
    adamwStep(outlook, gradient, copyMoments(state.deltaMoments), adamw);
  }
  const ahead = await evaluate(alphaBatch, outlook, gates);
  const alphaGradient = backward(ahead.gates);

  const directionNorm = norm(ahead.delta);
  if (order === 'second' && directionNorm > 0) {
    // h = ∂²L_δ/∂α∂w · v by central differences along v = ∇w' L_α.
    const epsilon = PERTURBATION / directionNorm;
    const plusPoint = moved(state.delta, ahead.delta, epsilon);
    const minusPoint = moved(state.delta, ahead.delta, -epsilon);
    const plus = backward((await evaluate(deltaBatch, plusPoint, gates)).gates);
    const minus = backward((await evaluate(deltaBatch, minusPoint, gates)).gates);
    for (let i = 0; i < alphaGradient.length; i++) {
      alphaGradient[i]! -= (learningRate * (plus[i]! - minus[i]!)) / (2 * epsilon);
    }
  }

  const alphaGradientNorm = clipNorm(alphaGradient, options.clipNorm);
  checkFinite(ahead.loss + alphaGradientNorm, step);
  const alpha = state.alpha.slice();
  const alphaMoments = copyMoments(state.alphaMoments);
  adamwStep(alpha, alphaGradient, alphaMoments, { learningRate: alphaLearningRate, step: step + 1 });

  const inner = await evaluate(deltaBatch, state.delta, estimator.sample(alpha, step).gates);
  checkFinite(inner.loss + clipNorm(inner.delta, options.clipNorm), step);

  // Nothing can fail from here on, so that the state never holds half a step.
  state.alpha.set(alpha);
  state.alphaMoments.m.set(alphaMoments.m);
  state.alphaMoments.v.set(alphaMoments.v);
  adamwStep(state.delta, inner.delta, state.deltaMoments, adamw);
  return { loss: inner.loss, alphaLoss: ahead.loss, evaluations };
}
