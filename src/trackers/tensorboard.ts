import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../files/folders.ts';
import { isThere } from '../files/regular-file.ts';
import { eventRecords, fileVersion, type TensorBoardEvent } from './event-file.ts';
import type { Tracker } from './tracker.ts';

/** Event files in the run's own folder: `tensorboard --logdir runs` shows all runs below it. */
export const tensorboard: Tracker = {
  description: 'event files in the run folder, for `tensorboard --logdir`',
  async send(run, { points, end }, id) {
    const name = id ?? `events.out.tfevents.${Math.floor(run.begun / 1000)}.s3delta`;
    const file = join(run.folder, 'tensorboard', name);
    const events: TensorBoardEvent[] = points.map(({ step, time, values }) => ({
      ...{ step, time },
      values: Object.entries(values).map(([tag, scalar]) => ({ tag, scalar })),
    }));
    const rows = Object.entries(run.settings).map(([key, value]) => `| ${key} | ${value.replaceAll('|', '\\|')} |`);
    const settings = ['| setting | value |', '| --- | --- |', ...rows].join('\n');
    const first = id === undefined || !isThere(file);
    if (first) events.unshift({ step: 0, time: run.begun, values: [{ tag: 'settings', text: settings }] });
    if (end !== undefined) {
      const scores = Object.entries(end.scores).map(([tag, scalar]) => ({ tag, scalar }));
      const picture = end.picture === undefined ? [] : [{ tag: 'heat map', png: end.picture }];
      events.push({ step: 0, time: end.time, values: [...scores, ...picture] });
    }
    await makeFolder(join(run.folder, 'tensorboard'));
    // One write: a process that ends in between leaves whole records, or none.
    await appendFile(file, Buffer.concat([...(first ? [fileVersion(run.begun)] : []), eventRecords(events)]));
    return name;
  },
};
