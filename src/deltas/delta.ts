import type { Value } from '../graph/types.ts';
import type { DeltaOptions } from '../structure/module.ts';
import type { Site } from '../structure/site.ts';

/** How a parameter's fresh values are drawn. */
export type Initializer =
  | { readonly distribution: 'zeros' }
  | { readonly distribution: 'normal'; readonly standardDeviation: number }
  | { readonly distribution: 'uniform'; readonly bound: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

/** What a delta is given when the graph is built. */
export interface Attachment {
  /** The module's parameters by name, shaped as in `parameters`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** z, shape [1]; absent where the program has no gates (z = 1). */
  readonly gate?: Value;
  readonly options: DeltaOptions;
}

/**
 * What a module adds to its host; each part already carries the gate. Hidden states are flat: [tokens, features].
 *
 * Modules that read hidden states do it through a thin matrix and write through another, so that all modules which
 * read one tensor, or write to one, share a single pass over it.
 */
export interface Contribution {
  /** Added to the host's weight, shaped like it. */
  readonly weight?: Value;
  /** Added to every row of the host's output: [outFeatures]. */
  readonly bias?: Value;
  /** Adds between(x readᵀ) writeᵀ to the output; x is a linear host's input or a block host's output. */
  readonly bottleneck?: Bottleneck;
}

export interface Bottleneck {
  /** [r, features read]. */
  readonly read: Value;
  /** [tokens, r] → [tokens, r′]. */
  between(inner: Value): Value;
  /** [outFeatures, r′]. */
  readonly write: Value;
}

/** A kind of delta module. All that the rest of the project knows of a kind, it asks here. */
export interface Delta {
  readonly kind: string;
  /** Name in the heat map, as in the paper's figure 9. */
  readonly label: string;
  readonly defaults: DeltaOptions;
  /** Whether the kind can attach at this site. */
  hosts(site: Site): boolean;
  parameters(site: Site, options: DeltaOptions): readonly ParameterSpec[];
  /** Whether the module cannot change the model's output there. */
  inert(site: Site): boolean;
  contribute(attachment: Attachment): Contribution;
}

export const ZEROS: Initializer = { distribution: 'zeros' };
