import type { EncodedExample, LossAndGradients, Trainable } from '../runtime/program.ts';

/** Number of target tokens, what a batch's mean loss is taken over. */
function countTargetTokens(batch: readonly EncodedExample[]): number {
  return batch.reduce((sum, example) => sum + example.target.length, 0);
}

/** Consecutive parts of a batch, and each one's share of its target tokens. */
function* partsOf(batch: readonly EncodedExample[], size: number) {
  const tokens = countTargetTokens(batch);
  for (let start = 0; start < batch.length; start += size) {
    const part = batch.slice(start, start + size);
    yield { part, weight: countTargetTokens(part) / tokens };
  }
}

function addScaled(sum: Float32Array, term: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + factor * term[i]!;
}

/**
 * The same program, run on at most `size` examples at a time: less memory for activations, the same loss and
 * gradients up to rounding. The parts are weighted by their target tokens, as the loss is a mean over tokens.
 */
export function withMicroBatches(program: Trainable, size: number): Trainable {
  async function lossAndGradients(batch: readonly EncodedExample[], delta: Float32Array, gates?: Float32Array) {
    if (batch.length <= size) return program.lossAndGradients(batch, delta, gates);
    let loss = 0;
    let sum: LossAndGradients | undefined;
    for (const { part, weight } of partsOf(batch, size)) {
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
    if (batch.length <= size) return program.mixedDerivative(batch, ...point);
    const sum = new Float32Array(program.layout.modules.length);
    for (const { part, weight } of partsOf(batch, size)) {
      addScaled(sum, await program.mixedDerivative(part, ...point), weight);
    }
    return sum;
  }

  return { layout: program.layout, lossAndGradients, mixedDerivative };
}
