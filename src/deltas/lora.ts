import type { DeltaOptions } from '../core/site.ts';
import { type Delta, ZEROS } from './delta.ts';

/** What B counts for. */
const scaleOf = ({ rank, alpha }: DeltaOptions): number => alpha! / rank!;

/** LoRA: δ(x) = (x Aᵀ) Bᵀ · alpha / rank at a linear map, A [rank, in], B [out, rank] (Hu et al. 2022). */
export const lora: Delta = {
  kind: 'lora',
  label: 'LoRA',
  defaults: { rank: 1, alpha: 16 },
  hosts: site => site.host === 'linear',
  inert: () => false,
  parameters: (site, options) => [
    // Kaiming-uniform with a = √5: the bound is 1 / √fan_in.
    {
      name: 'A',
      shape: [options.rank!, site.inFeatures],
      initializer: { distribution: 'uniform', bound: 1 / Math.sqrt(site.inFeatures) },
      gated: false,
    },
    {
      name: 'B',
      shape: [site.outFeatures, options.rank!],
      initializer: ZEROS,
      gated: true,
      scale: scaleOf(options),
    },
  ],
  contribute: ({ parameters: { A, B } }) => ({
    bottleneck: { read: A!, write: B! },
  }),
  merge: ({ inFeatures, outFeatures }, options) => ({
    weight: ({ A, B }) => {
      const [rank, scale] = [options.rank!, scaleOf(options)];
      const change = new Float32Array(outFeatures * inFeatures);
      for (let row = 0; row < outFeatures; row++) {
        for (let column = 0; column < inFeatures; column++) {
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += B![row * rank + k]! * A![k * inFeatures + column]!;
          change[row * inFeatures + column] = sum * scale;
        }
      }
      return change;
    },
  }),
  fromPeft(_, { type, tensors, alpha }) {
    const [A, B] = [tensors['lora_A.weight'], tensors['lora_B.weight']];
    if (type !== 'LORA' || !A || !B) return undefined;
    const rank = A.shape[0]!;
    return { options: { rank, alpha: alpha(rank) }, parameters: { A, B } };
  },
  peft: ({ inFeatures, outFeatures }, { rank, alpha }) => ({
    type: 'LORA',
    options: { rank: rank!, alpha: alpha! },
    tensors: ({ A, B }) => ({
      'lora_A.weight': { shape: [rank!, inFeatures], values: A! },
      'lora_B.weight': { shape: [outFeatures, rank!], values: B! },
    }),
  }),
};
