import { weightShape } from '../core/site.ts';
import { type Delta, ZEROS } from './delta.ts';

/**
 * Full fine-tuning of one weight, and of the bias beside it where there is one, as deltas of their shapes: W + Δ, Δ
 * starting at 0. AdamW without weight decay takes the same steps on Δ as on W.
 */
export const fineTuning: Delta = {
  kind: 'fine-tuning',
  label: 'Fine-tuning',
  defaults: {},
  hosts: site => site.host !== 'block' && !site.weightIsShared,
  inert: () => false,
  parameters: site => [
    { name: 'weightDelta', shape: weightShape(site), initializer: ZEROS, gated: true },
    ...(site.hasBias ? [{ name: 'biasDelta', shape: [site.outFeatures], initializer: ZEROS, gated: true }] : []),
  ],
  contribute: ({ parameters: { weightDelta, biasDelta } }) => ({
    weight: weightDelta!,
    ...(biasDelta && { bias: biasDelta }),
  }),
  fromPeft(site, { type, tensors: { weight, bias } }) {
    if (type !== undefined || !weight) return undefined;
    const own = bias ?? { shape: [site.outFeatures], values: new Float32Array(site.outFeatures) };
    return { options: {}, parameters: { weightDelta: weight, ...(site.hasBias && { biasDelta: own }) } };
  },
  merge: () => ({ weight: ({ weightDelta }) => weightDelta!, bias: ({ biasDelta }) => biasDelta! }),
};
