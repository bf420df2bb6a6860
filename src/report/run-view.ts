import type { MetricsLine } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';
import type { HeatMapModule } from './heat-map.ts';
import type { SearchMoment } from './search-moments.ts';
import type { Verdict } from './verdict/verdict.ts';

/** All there is to show of a run, at whatever time of its life. */
export interface RunView {
  /** Absent before a structure is found. */
  readonly result?: RunResult;
  /** The structure; while it is searched, as it stands. Empty before the first moment of a search. */
  readonly modules: readonly HeatMapModule[];
  readonly moments: readonly SearchMoment[];
  readonly metrics: readonly MetricsLine[];
  /** The text of config.yaml. */
  readonly config: string;
  /** What it came to; absent before there is a result. */
  readonly verdict?: Verdict;
}
