import { scale } from '../graph/ops/index.ts';
import { type Delta, ZEROS } from './delta.ts';
import { gated } from './gating.ts';

/** LoRA: δ(x) = (x Aᵀ) Bᵀ · alpha / rank at a linear map, A [rank, in], B [out, rank] (Hu et al. 2022). */
export const lora: Delta = {
  kind: 'lora',
  label: 'LoRA',
  defaults: { rank: 1, alpha: 16 },
  hosts: site => site.host === 'linear',
  inert: () => false,
  parameters: (site, { rank }) => [
    // Kaiming-uniform with a = √5: the bound is 1 / √fan_in.
    {
      name: 'A',
      shape: [rank!, site.inFeatures],
      initializer: { distribution: 'uniform', bound: 1 / Math.sqrt(site.inFeatures) },
    },
    { name: 'B', shape: [site.outFeatures, rank!], initializer: ZEROS },
  ],
  contribute: ({ parameters: { A, B }, gate, options: { rank, alpha } }) => ({
    bottleneck: { read: A!, between: inner => gated(scale(inner, alpha! / rank!), gate), write: B! },
  }),
};
