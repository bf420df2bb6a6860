import type { JobEvent } from '../jobs/job-events.ts';
import type { RunResult } from '../runs/result.ts';
import type { Cell } from './cell.ts';

/** What the parent says to a worker. A worker ends when its parent closes the channel. */
export type ToWorker = { readonly type: 'run'; readonly cell: Cell } | { readonly type: 'stop'; readonly by?: string };

/** What a worker says: what its run tells, and how it ended. */
export type FromWorker =
  | { readonly type: 'event'; readonly event: JobEvent }
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'interrupted'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string }
  /** The machine has refused to write: a StorageError. */
  | {
      readonly type: 'not-written';
      readonly what: string;
      readonly where: string;
      readonly remedy: string;
      readonly code: string;
    };

/** A worker's line to its parent. */
export interface Channel {
  send(message: FromWorker): void;
  onMessage(listener: (message: ToWorker) => void): void;
  /** The parent has closed the line, or is no more. */
  onClose(listener: () => void): void;
}
