import type { Site } from './site.ts';

/**
 * Hyper-parameters of a delta kind, e.g. `{ rank: 8, alpha: 16 }`. Plain numbers, so that they can be saved and
 * compared.
 */
export type DeltaOptions = Readonly<Record<string, number>>;

/** One candidate: a delta of some kind at one site. */
export interface DeltaModule {
  /** Unique in a list: `<site name>:<kind>`. */
  readonly id: string;
  readonly site: Site;
  /** Name in the delta index: `lora`, `bitfit`, `lnfit`, `adapter`, `low-rank-adapter`, `fine-tuning`. */
  readonly kind: string;
  readonly options: DeltaOptions;
  /** Trainable parameters it costs (n_i of the paper). */
  readonly parameters: number;
  /** True where the module cannot change the model's output (BitFit on a key projection). */
  readonly inert: boolean;
}
