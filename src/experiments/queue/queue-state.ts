/** Where a cell stands in the queue. `failed` means for good: its letter is a dead one. */
export type QueuedState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** How far an experiment is. */
export interface ExperimentStanding {
  readonly name: string;
  readonly priority: number;
  readonly cells: number;
  readonly states: Readonly<Record<QueuedState, number>>;
  /** Cells an hour, by those done in the last half hour, or since the first of them was begun; 0 where none was. */
  readonly hourly: number;
}

/** A worker that was heard of in the last minute. */
export interface WorkerStanding {
  readonly name: string;
  readonly program: string;
  /** Name of the cell it works at. */
  readonly cell: string | null;
  /** Seconds since it was heard of, by the clock of the database. */
  readonly seen: number;
}

/** A cell that has failed, or that workers have refused. */
export interface FailureStanding {
  readonly experiment: string;
  readonly cell: string;
  readonly state: QueuedState;
  /** `passed on`: refused by a worker, while another may do it. */
  readonly kind: 'failed' | 'refused' | 'passed on';
  readonly attempts: number;
  readonly message: string;
}

/** All that is to be said of a queue. */
export interface QueueStanding {
  readonly experiments: readonly ExperimentStanding[];
  readonly workers: readonly WorkerStanding[];
  /** The latest, at most a hundred. */
  readonly failures: readonly FailureStanding[];
}

/** In a word or two, how it stands with a cell that has failed or was refused. */
export function failureWords({ state, kind }: FailureStanding): string {
  if (state === 'failed') return kind === 'refused' ? 'refused for good' : 'failed for good';
  if (kind === 'failed') return `failed, now ${state}`;
  return `refused, now ${state}`;
}
