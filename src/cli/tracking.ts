import { basename, relative, resolve } from 'node:path';
import type { ExperimentEvent } from '../experiments/run-cells.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { type Follower, followRun } from '../trackers/follow-run.ts';
import { trackersInWords, trackersNamed } from '../trackers/trackers.ts';
import type { ArgsDef, ParsedArgs } from './parse.ts';

/** Who is told of a run beside the terminal. */
export const logArg: ArgsDef = {
  log: {
    type: 'string',
    valueHint: 'NAME[,…]',
    description: `send curves, scores, settings and the heat map to ${trackersInWords}`,
  },
};

/** Does a run's work, of which the trackers of `--log` are told. @throws InputError for a tracker there is not */
export async function whileTracked<Context extends JobContext, T>(
  args: ParsedArgs,
  out: string,
  context: Context,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  if (args.log === undefined) return work(context);
  const { onEvent } = context;
  const tell = (text: string) => onEvent?.({ type: 'warning', text });
  const follower = followRun(out, basename(resolve(out)), trackersNamed(String(args.log), '--log'), tell);
  const both: JobContext['onEvent'] = event => {
    follower.onEvent(event);
    onEvent?.(event);
  };
  try {
    return await work({ ...context, onEvent: both });
  } finally {
    await follower.finish();
  }
}

/**
 * The same of an experiment: each of its runs is one of the trackers'. Of a run that another process does, or did
 * before, they are told by what its folder holds at its end; one that has all is told nothing.
 */
export async function whileAllTracked<T>(
  args: ParsedArgs,
  out: string,
  { onEvent }: Pick<JobContext, 'onEvent'>,
  show: (event: ExperimentEvent) => void,
  work: (show: (event: ExperimentEvent) => void) => Promise<T>,
): Promise<T> {
  if (args.log === undefined) return work(show);
  const trackers = trackersNamed(String(args.log), '--log');
  const tell = (text: string) => onEvent?.({ type: 'warning', text });
  const followers = new Map<string, Follower>();
  const begin = (folder: string): Follower => {
    const follower = followRun(folder, `${basename(resolve(out))}/${relative(out, folder)}`, trackers, tell);
    followers.set(folder, follower);
    return follower;
  };
  const ends: Promise<void>[] = [];
  let kept = Promise.resolve();
  const finish = (folder: string) => {
    const follower = followers.get(folder) ?? begin(folder);
    followers.delete(folder);
    return follower.finish();
  };
  const follow = (event: ExperimentEvent): void => {
    if (event.type === 'run-begins') begin(event.cell.folder);
    else if (event.type === 'run') followers.get(event.cell.folder)?.onEvent(event.event);
    else if (event.type === 'run-done' || event.type === 'run-failed') ends.push(finish(event.cell.folder));
    // One after the other: a thousand may have been done before.
    else if (event.type === 'run-kept') kept = kept.then(() => finish(event.cell.folder));
    show(event);
  };
  try {
    return await work(follow);
  } finally {
    for (const folder of [...followers.keys()]) ends.push(finish(folder));
    await Promise.all([kept, ...ends]);
  }
}
