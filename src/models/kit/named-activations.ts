import { exactGelu, gelu, relu, silu, tanh } from '../../graph/ops/ops.ts';
import type { Value } from '../../graph/types.ts';

/** Activations by the names that transformers has for them in config.json. */
const byName = {
  relu,
  gelu: exactGelu,
  gelu_new: gelu,
  gelu_pytorch_tanh: gelu,
  gelu_fast: gelu,
  silu,
  swish: silu,
  tanh,
} as const satisfies Readonly<Record<string, (x: Value) => Value>>;

export type ActivationName = keyof typeof byName;

export const activationNames = Object.keys(byName) as [ActivationName, ...ActivationName[]];

export const activationOf = (name: ActivationName): ((x: Value) => Value) => byName[name];
