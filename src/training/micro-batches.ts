import { countLossTerms, type EncodedExample, type LossAndGradients, type Trainable } from '../core/program.ts';
import { addScaled } from './clip.ts';
import { splitBatch } from './split-batch.ts';

/**
 * The same program, run on parts of a batch (`splitBatch`): less memory for activations, the same loss and gradients up
 * to rounding. The parts are weighted by their terms of the loss, as it is a mean over these.
 */
export function withMicroBatches(program: Trainable, size?: number): Trainable {
  const { tokensPerRun } = program;
  const limits = { ...(size !== undefined && { size }), ...(tokensPerRun !== undefined && { tokensPerRun }) };

  async function loss(batch: readonly EncodedExample[], ...point: [delta: Float32Array, gates?: Float32Array]) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.loss(batch, ...point);
    const terms = countLossTerms(batch);
    let sum = 0;
    for (const part of parts) sum += (countLossTerms(part) / terms) * (await program.loss(part, ...point));
    return sum;
  }

  async function lossAndGradients(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array) {
    const parts = splitBatch(batch, limits);
    if (parts.length === 1) return program.lossAndGradients(batch, delta, gates);
    const terms = countLossTerms(batch);
    let loss = 0;
    let sum: LossAndGradients | undefined;
    for (const part of parts) {
      const weight = countLossTerms(part) / terms;
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
    const terms = countLossTerms(batch);
    const sum = new Float32Array(program.layout.modules.length);
    for (const part of parts) {
      addScaled(sum, await program.mixedDerivative(part, ...point), countLossTerms(part) / terms);
    }
    return sum;
  }

  return { layout: program.layout, loss, lossAndGradients, mixedDerivative };
}
