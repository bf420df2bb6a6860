import { type Delta, VECTOR_RATE, ZEROS } from './delta.ts';

/** LNFit: δ(x) = s ⊙ norm(x), which is s [d] added to the layer norm's weight. */
export const lnfit: Delta = {
  kind: 'lnfit',
  label: 'LNFit',
  defaults: {},
  rate: VECTOR_RATE,
  hosts: site => site.host === 'norm',
  inert: () => false,
  parameters: site => [{ name: 'scale', shape: [site.outFeatures], initializer: ZEROS, gated: true }],
  contribute: ({ parameters: { scale } }) => ({ weight: scale! }),
  merge: () => ({ weight: ({ scale }) => scale! }),
  fromPeft(site, { type, tensors: { weight, bias } }) {
    if (type !== undefined || site.host !== 'norm' || !weight || bias?.values.some(value => value !== 0))
      return undefined;
    return { options: {}, parameters: { scale: weight } };
  },
  peft: () => ({ type: 'saved' }),
};
