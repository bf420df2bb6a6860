import { add, gelu } from '../graph/ops/ops.ts';
import { type Delta, type Initializer, ZEROS } from './delta.ts';

const NORMAL: Initializer = { distribution: 'normal', standardDeviation: 0.01 };

/** Adapter: δ(h) = W_up gelu(W_down h + b) + b′ on a sub-layer's output, bottleneck k (Houlsby et al. 2019). */
export const adapter: Delta = {
  kind: 'adapter',
  label: 'Adapter',
  defaults: { bottleneck: 24 },
  hosts: site => site.host === 'block',
  inert: () => false,
  parameters: (site, { bottleneck }) => [
    { name: 'downWeight', shape: [bottleneck!, site.outFeatures], initializer: NORMAL, gated: false },
    { name: 'downBias', shape: [bottleneck!], initializer: ZEROS, gated: false },
    { name: 'upWeight', shape: [site.outFeatures, bottleneck!], initializer: NORMAL, gated: true },
    { name: 'upBias', shape: [site.outFeatures], initializer: ZEROS, gated: true },
  ],
  contribute: ({ parameters: { downWeight, downBias, upWeight, upBias } }) => ({
    bias: upBias!,
    bottleneck: { read: downWeight!, between: inner => gelu(add(inner, downBias!)), write: upWeight! },
  }),
};
