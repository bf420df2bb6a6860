import type { Site } from '../core/site.ts';
import { gelu, gemm, reshape } from '../graph/ops/ops.ts';
import type { Value } from '../graph/types.ts';
import { type Delta, type Initializer, ZEROS } from './delta.ts';

/** The bottleneck d/32, at least 1. */
const bottleneckOf = (site: Site): number => Math.max(1, Math.floor(site.outFeatures / 32));

/** Glorot-uniform of a rank-1 factor [n, 1]: √(6 / (n + 1)). */
const glorot = (length: number): Initializer => ({ distribution: 'uniform', bound: Math.sqrt(6 / (length + 1)) });

const asColumn = (vector: Value): Value => reshape(vector, [vector.shape[0]!, 1]);
const asRow = (vector: Value): Value => reshape(vector, [1, vector.shape[0]!]);

/**
 * Low-rank adapter: an adapter whose W_down = downLeft downRightᵀ and W_up = upLeft upRightᵀ are rank-1 products, on a
 * sub-layer's output [tokens, d]. The products are never formed: two matrix-vector products a side.
 */
export const lowRankAdapter: Delta = {
  kind: 'low-rank-adapter',
  label: 'LR-Adapter',
  defaults: {},
  // Measured: docs/measured/found-or-random.md.
  rate: 4,
  hosts: site => site.host === 'block',
  inert: () => false,
  parameters: site => {
    const [width, bottleneck] = [site.outFeatures, bottleneckOf(site)];
    return [
      { name: 'downLeft', shape: [bottleneck], initializer: glorot(bottleneck), gated: false },
      { name: 'downRight', shape: [width], initializer: glorot(width), gated: false },
      { name: 'downBias', shape: [bottleneck], initializer: ZEROS, gated: false },
      { name: 'upLeft', shape: [width], initializer: glorot(width), gated: true },
      { name: 'upRight', shape: [bottleneck], initializer: glorot(bottleneck), gated: false },
      { name: 'upBias', shape: [width], initializer: ZEROS, gated: true },
    ];
  },
  contribute: ({ parameters: { downLeft, downRight, downBias, upLeft, upRight, upBias } }) => ({
    bias: upBias!,
    bottleneck: {
      read: asRow(downRight!),
      between: inner => gemm(gelu(gemm(inner, asRow(downLeft!), { c: downBias! })), asColumn(upRight!)),
      write: asColumn(upLeft!),
    },
  }),
};
