import { blockProgress } from './block.ts';
import { plainProgress } from './plain.ts';
import type { Progress, ProgressMeters, ProgressScreen } from './screen.ts';

/** Shows a job's events: a repainting block under lasting lines on a terminal, plain lines elsewhere. */
export function createProgress(screen: ProgressScreen, meters: ProgressMeters): Progress {
  return screen.isTTY ? blockProgress(screen, meters) : plainProgress(screen, meters);
}
