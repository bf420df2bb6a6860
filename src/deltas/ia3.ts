import type { Role, Site } from '../core/site.ts';
import { type Delta, VECTOR_RATE, ZEROS } from './delta.ts';

const keysAndValues: readonly Role[] = [
  ...(['self-attention.key', 'self-attention.value'] as const),
  ...(['cross-attention.key', 'cross-attention.value'] as const),
];

/** Whether it scales what its host reads: the inner activation of a feed-forward is the input of the map out of it. */
const scalesInput = ({ role }: Site): boolean => role === 'feed-forward.out';

/**
 * IA3: keys, values and the inner activation of the feed-forward times 1 + l, element by element (Liu et al. 2022).
 * What is trained is the deviation l from 1, from 0 on: δ(x) = l ⊙ Wx, or W(l ⊙ x), is linear in it.
 */
export const ia3: Delta = {
  kind: 'ia3',
  label: 'IA3',
  defaults: {},
  rate: VECTOR_RATE,
  hosts: site => keysAndValues.includes(site.role) || scalesInput(site),
  inert: () => false,
  parameters: site => [
    { name: 'l', shape: [scalesInput(site) ? site.inFeatures : site.outFeatures], initializer: ZEROS, gated: true },
  ],
  contribute: ({ site, parameters: { l } }) => (scalesInput(site) ? { inputScale: l! } : { outputScale: l! }),
  merge: site => {
    const { inFeatures } = site;
    if (scalesInput(site)) return { weight: ({ l }, frozen) => frozen.map((w, i) => w * l![i % inFeatures]!) };
    return {
      weight: ({ l }, frozen) => frozen.map((w, i) => w * l![Math.floor(i / inFeatures)]!),
      bias: ({ l }, frozen) => frozen.map((b, i) => b * l![i]!),
    };
  },
  fromPeft(site, { type, tensors: { ia3_l: scales } }) {
    if (type !== 'IA3' || !scales) return undefined;
    const { shape, values } = scales;
    const [rows, columns] = scalesInput(site) ? [1, values.length] : [values.length, 1];
    const isThere = shape[0] === rows && shape[1] === columns;
    return isThere
      ? { options: {}, parameters: { l: { shape: [values.length], values: values.map(value => value - 1) } } }
      : undefined;
  },
  peft: site => ({
    type: 'IA3',
    options: { feedForward: scalesInput(site) ? 1 : 0 },
    tensors: ({ l }) => ({
      ia3_l: { shape: scalesInput(site) ? [1, l!.length] : [l!.length, 1], values: l!.map(value => 1 + value) },
    }),
  }),
};
