import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EncodedExample, outputLength } from '../src/core/program.ts';
import { loadTokenizer } from '../src/data/tokenizer/load-tokenizer.ts';
import { encodeTask } from '../src/library/encode-task.ts';
import type { Model } from '../src/models/model.ts';
import { t5Codec } from '../src/models/t5/t5-codec.ts';
import { loadTaskData } from '../src/tasks/task.ts';
import { loadTask } from '../src/tasks/tasks.ts';
import { benchFolder } from './random-t5.ts';

/** Rows of a pass: four batches. */
export const TASK_ROWS = 64;

/** Writes the first rows of a task's training set as token ids into the temporary folder, for us and for the peers; returns the file. */
export async function taskRows(name: string, shared: string): Promise<string> {
  const task = await loadTask(name);
  const data = await loadTaskData(task, { data: join(shared, 'data'), seed: 0 });
  const tokenizer = await loadTokenizer(join(shared, 'tokenizer'));
  const codec: Model['codec'] = (coded, options) => t5Codec({}, tokenizer, coded, options);
  const { train } = await encodeTask({ name: 't5', codec }, task, {
    ...data,
    train: data.train.slice(0, TASK_ROWS),
  });
  const file = join(benchFolder, `${name}-rows.json`);
  await writeFile(file, JSON.stringify(train.slice(0, TASK_ROWS).map(toRow)));
  return file;
}

/** A row of the file, as the peers read it. */
interface FileRow {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

function toRow({ input, output }: EncodedExample): FileRow {
  if (!('ids' in output)) throw new Error('the peers are asked for texts');
  return { source: input.ids, target: output.ids };
}

/** Most tokens of an answer to one of the rows: their longest target. */
export const longestTarget = (rows: readonly EncodedExample[]): number =>
  Math.max(...rows.map(({ output }) => outputLength(output)));

export async function readRows(file: string): Promise<EncodedExample[]> {
  const rows = JSON.parse(await readFile(file, 'utf8')) as FileRow[];
  return rows.map(({ source, target }) => ({ input: { ids: source }, output: { ids: target } }));
}
