import { InputError } from '../../../core/errors.ts';

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
