import { basename, resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { count } from '../../core/format.ts';
import { requireRun, runFolder } from '../../runs/run-folder.ts';
import { notesOf, sendNews } from '../../trackers/tracked-run.ts';
import { trackers, trackersInWords, trackersNamed } from '../../trackers/trackers.ts';
import type { Command } from '../command.ts';

export const log: Command = {
  description: 'Send a tracker what it has not got of a run, from the files of its folder',
  examples: {
    'runs/reviews --to tensorboard': 'event files beside the run',
  },
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    to: { type: 'string', valueHint: 'NAME[,…]', description: trackersInWords },
  },
  async run(args, { signal = new AbortController().signal }) {
    const folder = runFolder(String(args.run));
    requireRun(folder);
    if (args.to === undefined) {
      throw new InputError('which tracker is to be sent the run?', {
        code: 'missing-setting',
        where: '--to',
        remedy: `name one: ${Object.keys(trackers).join(', ')}`,
      });
    }
    const named = [...trackersNamed(String(args.to), '--to')];
    const [title, note] = [basename(resolve(folder.path)), notesOf(folder)];
    const sent = await Promise.all(
      named.map(async tracker => {
        const [name] = tracker;
        try {
          return { tracker: name, ...(await sendNews(folder, title, tracker, signal, note)) };
        } catch (error) {
          return { tracker: name, failed: (error as Error).message };
        }
      }),
    );
    const lines = sent.map(news => {
      if ('failed' in news) return `${news.tracker}: ${news.failed}`;
      const ending = news.ended ? ', scores and settings' : '';
      return news.points === 0 && !news.ended
        ? `${news.tracker} has all of it already`
        : `${news.tracker}: ${count(news.points)} validations${ending}`;
    });
    return { document: { folder: folder.path, sent }, lines, exitCode: sent.some(news => 'failed' in news) ? 1 : 0 };
  },
};
