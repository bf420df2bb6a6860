import type { JobEvent } from '../../api/job-events.ts';
import { visible } from '../../visible.ts';
import { blockProgress } from './block.ts';
import { plainProgress } from './plain.ts';

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

/** Shows a job's events: a repainting block under lasting lines on a terminal, plain lines elsewhere. */
export function createProgress(screen: ProgressScreen, meters: ProgressMeters): Progress {
  const progress = screen.isTTY ? blockProgress(screen, meters) : plainProgress(screen, meters);
  const show = (event: JobEvent) => progress.show('text' in event ? { ...event, text: visible(event.text) } : event);
  return { ...progress, show };
}
