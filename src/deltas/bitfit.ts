import { type Delta, VECTOR_RATE, ZEROS } from './delta.ts';

/** BitFit: a bias b [d] on the output of a linear map or a layer norm (Ben Zaken et al. 2022). */
export const bitfit: Delta = {
  kind: 'bitfit',
  label: 'BitFit',
  defaults: {},
  rate: VECTOR_RATE,
  hosts: site => site.host === 'linear' || site.host === 'norm',
  inert: site => site.biasIsInert,
  parameters: site => [{ name: 'bias', shape: [site.outFeatures], initializer: ZEROS, gated: true }],
  contribute: ({ parameters: { bias } }) => ({ bias: bias! }),
  fromPeft(_, { type, tensors: { weight, bias } }) {
    return type === undefined && !weight && bias ? { options: {}, parameters: { bias } } : undefined;
  },
  peft: ({ hasBias }) => (hasBias ? { type: 'bias' } : undefined),
  merge: ({ hasBias }) => (hasBias ? { bias: ({ bias }) => bias! } : undefined),
};
