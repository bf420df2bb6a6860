import { mul } from '../graph/ops/index.ts';
import type { Value } from '../graph/types.ts';

/** z · value; the value itself where there is no gate. Gates go on the smallest tensor of a module, where they cost nothing. */
export const gated = (value: Value, gate: Value | undefined): Value => (gate ? mul(value, gate) : value);
