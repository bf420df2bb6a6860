import { weightShape } from '../core/site.ts';
import { type Delta, ZEROS } from './delta.ts';

/**
 * Full fine-tuning of one weight as a delta of its shape: W + Δ, Δ starting at 0. AdamW without weight decay takes the
 * same steps on Δ as on W.
 */
export const fineTuning: Delta = {
  kind: 'fine-tuning',
  label: 'Fine-tuning',
  defaults: {},
  hosts: site => site.host !== 'block' && !site.weightIsShared,
  inert: () => false,
  parameters: site => [{ name: 'weightDelta', shape: weightShape(site), initializer: ZEROS, gated: true }],
  contribute: ({ parameters: { weightDelta } }) => ({ weight: weightDelta! }),
  merge: ({ weightDelta }) => weightDelta!,
};
