import { visible } from '../../core/format.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { blockProgress } from './block.ts';
import { plainProgress } from './plain.ts';
import type { Progress, ProgressMeters, ProgressScreen } from './screen.ts';

/** Shows a job's events: a repainting block under lasting lines on a terminal, plain lines elsewhere. */
export function createProgress(screen: ProgressScreen, meters: ProgressMeters): Progress {
  const progress = screen.isTTY ? blockProgress(screen, meters) : plainProgress(screen, meters);
  const show = (event: JobEvent) => progress.show('text' in event ? { ...event, text: visible(event.text) } : event);
  return { ...progress, show };
}
