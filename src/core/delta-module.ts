import type { Site } from './site.ts';

/**
 * Hyper-parameters of a delta kind, e.g. `{ rank: 8, alpha: 16 }`. Plain numbers, so that they can be saved and
 * compared.
 */
export type DeltaOptions = Readonly<Record<string, number>>;

/** What everyone may know of a kind of delta; what it does is known in `deltas/`. */
export interface DeltaKind {
  /** Its name in structures and spaces. */
  readonly kind: string;
  /** Its name in tables and the heat map. */
  readonly label: string;
  /** The plugin that brings it; absent for a kind of the package. */
  readonly plugin?: string;
}

/** One candidate: a delta of some kind at one site. */
export interface DeltaModule {
  /** Unique in a list: `<site name>:<kind>`. */
  readonly id: string;
  readonly site: Site;
  /** Name of its kind of delta. */
  readonly kind: string;
  /** The kind itself, found by its name once, where the module was made. */
  readonly delta: DeltaKind;
  readonly options: DeltaOptions;
  /** Trainable parameters it costs (n_i of the paper). */
  readonly parameters: number;
  /** True where the module cannot change the model's output (BitFit on a key projection). */
  readonly inert: boolean;
}
