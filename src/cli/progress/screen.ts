import type { JobEvent } from '../../jobs/job-events.ts';

/** Where progress is shown; stderr in the command line. */
export interface ProgressScreen {
  readonly isTTY: boolean;
  readonly colour: boolean;
  /** Size in characters; read anew at each painting, as a window may change. */
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** What progress is measured with. */
export interface ProgressMeters {
  /** Milliseconds. */
  now(): number;
  /** Resident memory of the process, in bytes. */
  memory(): number;
}

export interface Progress {
  show(event: JobEvent): void;
  /** Time has passed; called about once a second, whether or not there was an event. */
  tick(): void;
  /** Gives the screen back as it was: nothing to repaint, the cursor visible. May be called again. */
  finish(): void;
}
