import { add, gemm, layerNorm, mul, quantizedProduct, reshape, rmsNorm } from '../graph/ops/ops.ts';
import type { QuantizedMatrix, Value } from '../graph/types.ts';
import type { Contribution } from './delta.ts';

/** A frozen y = x Wᵀ (+ b). */
export interface LinearMap {
  readonly site: string;
  /** [out, in]. */
  readonly weight: Value;
  /** [out]. */
  readonly bias?: Value;
  /**
   * Wᵀ [in, out] rounded, where the product is to be of 8-bit integers. A module that changes the weight has it in
   * float32.
   */
  readonly quantized?: QuantizedMatrix;
}

/** A frozen norm of rows [tokens, d]. */
export interface Norm {
  readonly kind: 'rms' | 'layer';
  /** [d]. */
  readonly weight: Value;
  /** [d]. */
  readonly bias?: Value;
  readonly epsilon: number;
}

type Parts = readonly Contribution[];

/**
 * The parts, and the host's own bias as another one. What scales the host's output scales its bias, too.
 */
export function withBias(parts: Parts, bias: Value | undefined): Parts {
  if (!bias) return parts;
  const scale = sumOf(parts, 'outputScale');
  return [{ bias: scale ? mul(bias, onePlus(scale)) : bias }, ...parts];
}

/**
 * The frozen map's own product, without its bias, with what the parts change of its weight and scale, onto `addend`.
 * Scales multiply what flows in and out, which leaves a rounded weight as it is and takes no pass over the weight: but
 * for both at once, whose sum only the weight can hold.
 */
export function hostProduct(x: Value, { weight, quantized }: LinearMap, parts: Parts, addend?: Value): Value {
  const [inputScale, outputScale] = [sumOf(parts, 'inputScale'), sumOf(parts, 'outputScale')];
  if (parts.some(part => part.weight) || (inputScale && outputScale)) {
    return gemm(x, linearWeight(parts, weight), { transB: true, ...(addend && { c: addend }) });
  }
  const read = inputScale ? mul(x, onePlus(inputScale)) : x;
  const fused = outputScale || quantized ? undefined : addend;
  const product = quantized
    ? quantizedProduct(read, quantized)
    : gemm(read, weight, { transB: true, ...(fused && { c: fused }) });
  const scaled = outputScale ? mul(product, onePlus(outputScale)) : product;
  return addend && !fused ? add(addend, scaled) : scaled;
}

/** A linear map's weight W [out, in], changed and scaled: W ⊙ (1 + outputScale + inputScale) + changes. */
export function linearWeight(parts: Parts, weight: Value): Value {
  const [inputScale, outputScale] = [sumOf(parts, 'inputScale'), sumOf(parts, 'outputScale')];
  const ofRows = outputScale && reshape(outputScale, [outputScale.shape[0]!, 1]);
  const scale = inputScale && ofRows ? add(ofRows, inputScale) : (inputScale ?? ofRows);
  return addChanges(parts, scale ? mul(weight, onePlus(scale)) : weight);
}

/** The weight [d] of a norm or the table [rows, d] of an embedding, changed and scaled. */
export function outputWeight(parts: Parts, weight: Value): Value {
  const scale = sumOf(parts, 'outputScale');
  return addChanges(parts, scale ? mul(weight, onePlus(scale)) : weight);
}

/**
 * The values that a norm of x goes through, its own output last; `weight` and `bias` are the norm's with what modules
 * make of them.
 */
export const norms: Readonly<Record<Norm['kind'], (x: Value, norm: Omit<Norm, 'kind'>) => readonly Value[]>> = {
  rms: (x, { weight, bias, epsilon }) => {
    const normalized = rmsNorm(x, weight, epsilon);
    return bias ? [normalized, add(normalized, bias)] : [normalized];
  },
  layer: (x, { weight, bias, epsilon }) => [layerNorm(x, weight, bias, epsilon)],
};

export function sumOf(parts: Parts, what: 'bias' | 'inputScale' | 'outputScale'): Value | undefined {
  const values = parts.flatMap(part => part[what] ?? []);
  return values.length > 0 ? values.reduce((a, b) => add(a, b)) : undefined;
}

export const onePlus = (scale: Value): Value => add(scale, scale.graph.scalar(1));

function addChanges(parts: Parts, weight: Value): Value {
  return parts.reduce((sum, part) => (part.weight ? add(sum, part.weight) : sum), weight);
}
