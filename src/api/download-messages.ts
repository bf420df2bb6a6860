import type { DownloadProgress } from '../hub/download.ts';
import { bytes as inWords } from '../report/units.ts';
import type { JobContext } from './job-events.ts';

const EVERY_MS = 5000;

/** Tells of downloads as messages of a job: each file when it begins, and every five seconds how far it is. */
export function downloadMessages(
  onEvent: JobContext['onEvent'],
  now: () => number = () => performance.now(),
): (progress: DownloadProgress) => void {
  let current: string | undefined;
  let lastTold = 0;
  return ({ path, bytes, size }) => {
    const begins = path !== current;
    if (!begins && now() - lastTold < EVERY_MS) return;
    current = path;
    lastTold = now();
    const text = begins ? `downloading ${path}, ${inWords(size)}` : `${path}: ${Math.floor((100 * bytes) / size)} %`;
    onEvent?.({ type: 'message', text });
  };
}
