import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../../files/folders.ts';
import { isThere } from '../../../files/regular-file.ts';
import { writeFileWhole } from '../../../files/write-whole.ts';
import { type Cell, cellId } from '../../cell.ts';

// What lies in the folder `slurm/` of an experiment. An array's list of cells is written before the array is
// submitted: whoever comes back after a crash in between knows the name to ask Slurm for.

/** Every array begins so: `squeue` of the user shows whose it is. */
const prefix = 's3delta-';

const folderOf = (out: string) => resolve(out, 'slurm');

/** An array that was submitted, or was about to be. */
export interface SubmittedArray {
  readonly name: string;
  /** `cellId` of its tasks, by their number. */
  readonly ids: readonly string[];
}

/** Files of an array. */
export function arrayFiles(out: string, name: string) {
  const at = (ending: string) => join(folderOf(out), `${name}${ending}`);
  return {
    /** A task a line. */
    cells: at('.jsonl'),
    script: at('.sh'),
    /** What a task has printed. */
    log: (index: number | '%a') => at(`-${index}.log`),
    /** Why a task has failed, where it could say so. */
    error: (index: number) => at(`-${index}.error`),
  };
}

/** All arrays of an experiment, the oldest first. */
export function readArrays(out: string): SubmittedArray[] {
  const folder = folderOf(out);
  const names = isThere(folder) ? readdirSync(folder) : [];
  const arrays = names.flatMap(file => {
    const [, name] = /^(s3delta-.+)\.jsonl$/.exec(file) ?? [];
    return name === undefined ? [] : [{ name, ids: readTasks(join(folder, file)).map(({ id }) => id) }];
  });
  return arrays.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A line of an array's file. The name of a cell is the submitter's: other working folders would find another. */
export interface ArrayTask {
  readonly id: string;
  readonly cell: Cell;
}

/** The tasks in an array's file, by their number. */
export function readTasks(file: string): ArrayTask[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map(line => JSON.parse(line) as ArrayTask);
}

/** A name that no array has had, by which arrays stand in the order of their making. */
export function newArrayName(now: number, random: string): string {
  return `${prefix}${now.toString(36).padStart(9, '0')}-${random}`;
}

/** Writes down an array that is about to be submitted. */
export async function writeArray(
  out: string,
  { name, cells, script }: { readonly name: string; readonly cells: readonly Cell[]; readonly script: string },
): Promise<void> {
  await makeFolder(folderOf(out));
  const files = arrayFiles(out, name);
  await writeFileWhole(files.script, script);
  await writeFileWhole(files.cells, cells.map(cell => `${JSON.stringify({ id: cellId(cell), cell })}\n`).join(''));
}

/** Forgets an array that was not submitted after all. */
export async function removeArray(out: string, name: string): Promise<void> {
  const { cells, script } = arrayFiles(out, name);
  for (const file of [cells, script]) await rm(file, { force: true });
}
