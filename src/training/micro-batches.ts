import type { EncodedExample, LossAndGradients, Trainable } from '../core/program.ts';
import { addScaled } from './clip.ts';
import { splitBatch } from './split-batch.ts';

/** Number of target tokens, what a batch's mean loss is taken over. */
function countTargetTokens(batch: readonly EncodedExample[]): number {
  return batch.reduce((sum, example) => sum + example.target.length, 0);
}

/**
 * The same program, run on parts of a batch (`splitBatch`): less memory for activations, the same loss and gradients up to
 * rounding. The parts are weighted by their target tokens, as the loss is a mean over tokens.
 */
export function withMicroBatches(program: Trainable, size?: number): Trainable {
  const { tokensPerRun } = program;
  const limits = { ...(size !== undefined && { size }), ...(tokensPerRun !== undefined && { tokensPerRun }) };

  async function lossAndGradients(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.lossAndGradients(batch, delta, gates);
    const tokens = countTargetTokens(batch);
    let loss = 0;
    let sum: LossAndGradients | undefined;
    for (const part of parts) {
      const weight = countTargetTokens(part) / tokens;
      const result = await program.lossAndGradients(part, delta, gates);
      sum ??= { loss, delta: new Float32Array(result.delta.length), gates: new Float32Array(result.gates.length) };
      addScaled(sum.delta, result.delta, weight);
      addScaled(sum.gates, result.gates, weight);
      loss += weight * result.loss;
    }
    return { ...sum!, loss };
  }

  async function mixedDerivative(
    batch: readonly EncodedExample[],
    ...point: [delta: Float32Array, gates: Float32Array, direction: Float32Array]
  ) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.mixedDerivative(batch, ...point);
    const tokens = countTargetTokens(batch);
    const sum = new Float32Array(program.layout.modules.length);
    for (const part of parts) {
      addScaled(sum, await program.mixedDerivative(part, ...point), countTargetTokens(part) / tokens);
    }
    return sum;
  }

  return { layout: program.layout, lossAndGradients, mixedDerivative };
}
