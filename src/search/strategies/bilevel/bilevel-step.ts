import { addScaled, clipNorm, norm } from '../../../core/arrays.ts';
import type { EncodedExample, Trainable } from '../../../core/program.ts';
import { adamwStep, checkFinite, copyMoments, headRate, type Moments } from '../../../training/steps.ts';
import type { GateEstimator } from './estimators.ts';
import { type BiLevelOrder, mixedDerivatives } from './step-orders.ts';

/** What a search optimises. A step changes the arrays in place. */
export interface BiLevelState {
  /** The modules' parameters w. */
  readonly delta: Float32Array;
  readonly deltaMoments: Moments<Float32Array>;
  readonly alpha: Float64Array;
  readonly alphaMoments: Moments<Float64Array>;
}

/** What does not change from step to step. */
export interface BiLevelOptions {
  readonly program: Trainable;
  readonly estimator: GateEstimator;
  readonly order: BiLevelOrder;
  /** Learning rate of w at this step. */
  readonly learningRate: number;
  /** Of the heads at this step (default: `learningRate`). */
  readonly headLearningRate?: number | undefined;
  /** Learning rate of α at this step. */
  readonly alphaLearningRate: number;
  /** Largest norm of each gradient. */
  readonly clipNorm: number;
  /** Steps done before, 0 at the first: it selects the random draws and the optimisers' bias correction. */
  readonly step: number;
}

/** What one step has seen. */
export interface BiLevelReport {
  /** L_δ at the new α, before the step of w. */
  readonly loss: number;
  /** L_α, where α's gradient was taken; without the objective's penalty. */
  readonly alphaLoss: number;
  /**
   * Loss-and-gradient evaluations made: those of `stepEvaluations`, or 3 where ∇w L_α vanishes and there is nothing to
   * correct.
   */
  readonly evaluations: number;
}

/** The same program, with what is asked of it counted. */
function counting(program: Trainable): Trainable & { evaluations(): number } {
  let evaluations = 0;
  return {
    layout: program.layout,
    loss: (...args) => program.loss(...args),
    lossAndGradients: (...args) => {
      evaluations += 1;
      return program.lossAndGradients(...args);
    },
    mixedDerivative: (...args) => {
      // What it counts as in `stepEvaluations`.
      evaluations += 2;
      return program.mixedDerivative(...args);
    },
    evaluations: () => evaluations,
  };
}

/**
 * One step of the bi-level search (method, section 5): α by the batch of D_α, looking one step of w ahead in the
 * orders above the first, then w by the batch of D_δ at the new α. One draw of u serves every loss of the step.
 * Where an evaluation fails the state is left as it was.
 */
export async function biLevelStep(
  state: BiLevelState,
  deltaBatch: readonly EncodedExample[],
  alphaBatch: readonly EncodedExample[],
  options: BiLevelOptions,
): Promise<BiLevelReport> {
  const { estimator, learningRate, alphaLearningRate, step } = options;
  const program = counting(options.program);
  const mixedDerivative = mixedDerivatives[options.order];
  const { gates, backward } = estimator.sample(state.alpha, step);
  const heads = headRate(program.layout, options.headLearningRate);
  const adamw = { learningRate, step: step + 1, ...heads };

  const here = mixedDerivative && (await program.lossAndGradients(deltaBatch, state.delta, gates));
  let outlook = state.delta;
  if (here) {
    // The virtual step takes the gradient unclipped, and leaves the optimiser's own state alone.
    outlook = state.delta.slice();
    adamwStep(outlook, here.delta, copyMoments(state.deltaMoments), adamw);
  }
  const ahead = await program.lossAndGradients(alphaBatch, outlook, gates);
  const alphaGradient = backward(ahead.gates);
  addScaled(alphaGradient, estimator.penaltyGradient(state.alpha), 1);

  const direction = ahead.delta;
  // What the step ahead moves further than the modules weighs more in what it changes.
  if (heads.head && learningRate > 0) {
    const { begin, learningRate: own } = heads.head;
    for (let i = begin; i < direction.length; i++) direction[i]! *= own / learningRate;
  }
  if (here && norm(direction) > 0) {
    const point = { batch: deltaBatch, delta: state.delta, gates, gateGradient: here.gates, direction };
    addScaled(alphaGradient, backward(await mixedDerivative(program, point)), -learningRate);
  }

  const alphaGradientNorm = clipNorm(alphaGradient, options.clipNorm);
  checkFinite(ahead.loss + alphaGradientNorm, step);
  const alpha = state.alpha.slice();
  const alphaMoments = copyMoments(state.alphaMoments);
  adamwStep(alpha, alphaGradient, alphaMoments, { learningRate: alphaLearningRate, step: step + 1 });

  const inner = await program.lossAndGradients(deltaBatch, state.delta, estimator.sample(alpha, step).gates);
  checkFinite(inner.loss + clipNorm(inner.delta, options.clipNorm), step);

  // Nothing can fail from here on, so that the state never holds half a step.
  state.alpha.set(alpha);
  state.alphaMoments.m.set(alphaMoments.m);
  state.alphaMoments.v.set(alphaMoments.v);
  adamwStep(state.delta, inner.delta, state.deltaMoments, adamw);
  return { loss: inner.loss, alphaLoss: ahead.loss, evaluations: program.evaluations() };
}
