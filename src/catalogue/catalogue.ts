import { type Deltas, deltas } from '../deltas/kinds.ts';
import { type Exporters, exporters } from '../export/formats.ts';
import { type Metrics, metrics } from '../metrics/metrics.ts';
import { type Families, families } from '../models/families.ts';
import { type Strategies, strategies } from '../search/strategies/strategies.ts';
import { methods } from '../structure/built-in-methods.ts';
import type { Methods } from '../structure/method.ts';
import { type Spaces, spaces } from '../structure/spaces.ts';
import { type Task, tasks } from '../tasks/tasks.ts';
import type { Plugin } from './plugin.ts';

/**
 * All that has a name which a user may write: every list of the project in one value. Who reads such names is handed a
 * catalogue; who works with what they stand for knows none.
 */
export interface Catalogue {
  readonly deltas: Deltas;
  readonly spaces: Spaces;
  readonly methods: Methods;
  /** The first is used where none is named. */
  readonly strategies: Strategies;
  readonly tasks: readonly Task[];
  readonly metrics: Metrics;
  /** By the `model_type` of config.json. */
  readonly families: Families;
  readonly exporters: Exporters;
  /** What it was extended with, beside what comes with the package. */
  readonly plugins: readonly Plugin[];
}

/** What comes with the package. */
export const builtIn: Catalogue = {
  ...{ deltas, spaces, methods, tasks, metrics, families, exporters },
  // As an array their options differ; whoever reads them goes by the schema of each.
  strategies: strategies as unknown as Strategies,
  plugins: [],
};

/** A part of what a function is given: the names it may read (default: those of the package). */
export interface WithCatalogue {
  readonly catalogue?: Catalogue | undefined;
}
