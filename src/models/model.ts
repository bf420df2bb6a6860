import type { Tokenizer } from '../data/tokenizer.ts';
import type { Program, ProgramGraphs } from '../runtime/program.ts';
import type { DeltaModule } from '../structure/module.ts';
import type { Site } from '../structure/site.ts';

/** A frozen backbone: what any model family gives to the rest of the project. */
export interface Model {
  /** Short name for tables and run folders, e.g. `mini`, `t5-base`. */
  readonly name: string;
  readonly folder: string;
  /** Number of backbone parameters, tied ones counted once: what a budget is a fraction of. */
  readonly parameters: number;
  /** Content fingerprint of config and weight layout; a structure remembers which model it was found on. */
  readonly fingerprint: string;
  /** Every place where modules can attach, in the order of the forward pass. */
  readonly sites: readonly Site[];
  readonly tokenizer: Tokenizer;
  /** The backbone with these modules attached; no modules give the bare backbone. */
  compile(modules: readonly DeltaModule[]): Promise<Program>;
  /** What `compile` would compile, to plan with. */
  graphs(modules: readonly DeltaModule[], changes?: { readonly recompute?: boolean }): ProgramGraphs;
}
