import type { FloatArray } from './random.ts';

/** Euclidean norm, accumulated in float64. */
export function norm(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

/**
 * Scales a gradient in place so that its norm does not exceed `maxNorm`, by the factor of PyTorch's
 * `clip_grad_norm_`, min(1, maxNorm / (norm + 1e-6)). Returns the norm before.
 */
export function clipNorm(gradient: FloatArray, maxNorm: number): number {
  const before = norm(gradient);
  const factor = maxNorm / (before + 1e-6);
  if (factor < 1) for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! * factor;
  return before;
}
