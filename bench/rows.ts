import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EncodedExample, type EncodedInput, outputLength } from '../src/core/program.ts';
import { encodeTask } from '../src/library/encode-task.ts';
import { loadTaskData } from '../src/tasks/task.ts';
import { loadTask } from '../src/tasks/tasks.ts';
import type { BenchModel } from './models.ts';
import { benchFolder } from './random-t5.ts';

/** Rows of a pass: four batches. */
export const TASK_ROWS = 64;

/** A row of the file, as the peers read it: what is answered is a text's tokens or a class. */
export interface FileRow {
  /** The texts as the task gives them, one or two. */
  readonly texts: readonly string[];
  readonly source: readonly number[];
  readonly types?: readonly number[];
  readonly target?: readonly number[];
  readonly class?: number;
}

/**
 * Writes the first rows of a task's training set as token ids into the temporary folder, for us and for the peers;
 * returns the file. A model with a head is asked for one of two classes.
 */
export async function taskRows(name: string, model: BenchModel, shared: string): Promise<string> {
  const task = await loadTask(name);
  const data = await loadTaskData(task, { data: join(shared, 'data'), seed: 0 });
  const examples = data.train.slice(0, TASK_ROWS);
  const { train } = await encodeTask({ name: 'bench', codec: await model.codecFor(task) }, task, {
    ...data,
    train: examples,
  });
  const rows = train.slice(0, TASK_ROWS).map((row, i) =>
    toRow(
      row,
      examples[i]!.input.map(({ text }) => text),
    ),
  );
  const file = join(benchFolder, `${name}-${model.writes ? 'text' : 'class'}-rows.json`);
  await mkdir(benchFolder, { recursive: true });
  await writeFile(file, JSON.stringify(rows));
  return file;
}

function toRow({ input, output }: EncodedExample, texts: readonly string[]): FileRow {
  const read = { texts, source: input.ids, ...(input.types && { types: input.types }) };
  if ('ids' in output) return { ...read, target: output.ids };
  if ('class' in output && output.class < 2) return { ...read, class: output.class };
  throw new Error('the peers are asked for texts, or for one of two classes');
}

/** Most tokens of an answer to one of the rows: their longest target. */
export const longestTarget = (rows: readonly EncodedExample[]): number =>
  Math.max(...rows.map(({ output }) => outputLength(output)));

export const readFileRows = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as FileRow[];

export async function readRows(file: string): Promise<EncodedExample[]> {
  return (await readFileRows(file)).map(({ source: ids, types, target, class: chosen }) => {
    const input: EncodedInput = { ids, ...(types && { types }) };
    return { input, output: target === undefined ? { class: chosen! } : { ids: target } };
  });
}
