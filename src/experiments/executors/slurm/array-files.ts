import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError } from '../../../core/errors.ts';
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

/** What a task of an array is given. */
export interface Resources {
  readonly partition?: string | undefined;
  /** As sbatch takes it: `30`, `2:00:00`, `1-0`. */
  readonly time?: string | undefined;
  readonly cpus: number;
  /** Bytes. */
  readonly memory?: number | undefined;
  readonly gpus?: string | undefined;
  /** Tasks at a time. */
  readonly atMost?: number | undefined;
  /** Further options of sbatch, as they are. */
  readonly extra?: string | undefined;
}

/** An array before it is submitted. */
export interface ArrayJob {
  /** Its name, by which it is found again. */
  readonly name: string;
  readonly tasks: number;
  readonly resources: Resources;
  /** Where the tasks work. */
  readonly folder: string;
  /** File for what a task prints; `%a` is its number. */
  readonly log: string;
  /** Program and arguments of a task, before its number. */
  readonly command: readonly string[];
}

/** Before the time is up, a task gets so many seconds to save its run. */
const secondsToSave = 60;

/**
 * The script of an array. The task replaces the shell, so that signals which Slurm sends to the shell reach it: USR1
 * before the time is up, whereupon it saves and queues itself again, and TERM when it is cancelled.
 */
export function jobScript({ name, tasks, resources, folder, log, command }: ArrayJob): string {
  const { partition, time, cpus, memory, gpus, atMost, extra } = resources;
  const options = [
    ['job-name', name],
    ['array', `0-${tasks - 1}${atMost === undefined ? '' : `%${atMost}`}`],
    ['partition', partition],
    ['time', time],
    ['cpus-per-task', cpus],
    ['mem', memory === undefined ? undefined : `${Math.ceil(memory / 2 ** 20)}M`],
    ['gpus', gpus],
    ['signal', `B:USR1@${secondsToSave}`],
    ['open-mode', 'append'],
    ['chdir', folder],
    ['output', log],
  ] as const;
  return [
    '#!/bin/sh',
    ...options.flatMap(([option, value]) => (value === undefined ? [] : [`#SBATCH --${option}=${forSbatch(value)}`])),
    '#SBATCH --requeue',
    ...(extra === undefined ? [] : [`#SBATCH ${onOneLine(extra)}`]),
    `exec ${command.map(forShell).join(' ')} "$SLURM_ARRAY_TASK_ID"`,
    '',
  ].join('\n');
}

function forSbatch(value: string | number): string {
  const text = onOneLine(String(value));
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function forShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** @throws InputError for a line break, which would begin another line of the script */
function onOneLine(text: string): string {
  if (!/[\r\n]/.test(text)) return text;
  throw new InputError('a line break cannot be part of what sbatch is given', {
    code: 'unknown-value',
    where: JSON.stringify(text),
    remedy: 'write it on one line, and use a folder without line breaks',
  });
}
