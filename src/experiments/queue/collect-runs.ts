import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { makeFolder } from '../../files/folders.ts';
import { isThere } from '../../files/regular-file.ts';
import { schemaLine } from '../../files/text-files.ts';
import { writeFolderWhole } from '../../files/write-whole.ts';
import { type RunResult, readResult } from '../../runs/result.ts';
import { runFolder } from '../../runs/run-folder.ts';
import { requireNotHeld } from '../../runs/run-lock.ts';
import { readStructure } from '../../structure/structure-file.ts';
import type { Queue } from './database.ts';
import { derivedFile } from './local-cell.ts';
import { restoreRun } from './run-pieces.ts';

/** What an experiment keeps of a cell in the queue, to know it again. */
const aboutCell = z.looseObject({
  /** By `cellId`. */
  cell: z.string(),
  /** Of its run, in that of the experiment, with `/`. */
  folder: z.string().regex(/^[^./\\][^/\\]*(\/[^./\\][^/\\]*)*$/),
  /** Where the structure belongs that the cell has made of others, likewise. */
  derived: z
    .string()
    .regex(/^[^./\\][^/\\]*(\/[^./\\][^/\\]*)*$/)
    .optional(),
});

export type AboutCell = z.infer<typeof aboutCell>;

/**
 * Brings the run folder of a cell that is done back, whole or not at all. What a worker has stored is read as it would
 * be anywhere before it takes its place.
 * @returns its result
 * @throws InputError where what is stored is not the folder of a run
 */
export async function bringBack(
  queue: Queue,
  id: string,
  out: string,
  { folder, derived }: AboutCell,
): Promise<RunResult> {
  const target = join(out, folder);
  requireNotHeld(runFolder(target));
  let result: RunResult | undefined;
  await makeFolder(dirname(target));
  await writeFolderWhole(target, async temporary => {
    await queue.inTransaction(async client => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await restoreRun(client, id, temporary);
    });
    const files = runFolder(temporary);
    result = await readResult(files.result);
    if (result === undefined) {
      throw new InputError('the queue holds no result of this run', {
        code: 'unreadable-result',
        where: target,
        remedy: 'see `s3delta status`, and submit it again',
      });
    }
    await readStructure(files.structure);
    await pointAtOwnSchema(files.config, runFolder(target).config);
    await placeDerived(join(temporary, derivedFile), derived && resolve(out, derived));
  });
  return result!;
}

/** The first line of a config file tells editors where its schema lies: that of this machine. */
async function pointAtOwnSchema(file: string, target: string): Promise<void> {
  const [, ...lines] = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [schemaLine(target, 'config'), ...lines].join('\n'));
}

async function placeDerived(made: string, target: string | undefined): Promise<void> {
  if (!isThere(made)) return;
  if (target === undefined || isThere(target)) return rm(made);
  await makeFolder(dirname(target));
  await rename(made, target);
}

/** What `collectExperiment` has found. */
export interface Collected {
  readonly brought: number;
  /** Those that were there already. */
  readonly kept: number;
  /** Cells that are not done yet. */
  readonly open: number;
  /** Folders whose run could not be brought back, and why. */
  readonly refused: readonly { readonly folder: string; readonly message: string }[];
}

/**
 * Brings back every run of an experiment that is done and not there yet.
 * @throws InputError where the queue knows no such experiment
 */
export async function collectExperiment(queue: Queue, name: string, out: string): Promise<Collected> {
  const { rows } = await queue.pool.query<{ id: string; about: unknown; done: boolean }>(
    `SELECT m.cell AS id, m.about, d.cell IS NOT NULL AS done
     FROM s3delta.experiment e JOIN s3delta.member m ON m.experiment = e.id LEFT JOIN s3delta.done d ON d.cell = m.cell
     WHERE e.name = $1 ORDER BY m.place`,
    [name],
  );
  if (rows.length === 0) {
    const known = await queue.pool.query<{ name: string }>(
      'SELECT name FROM s3delta.experiment ORDER BY begun DESC LIMIT 10',
    );
    throw new InputError(`the queue has no experiment ${name}`, {
      code: 'unknown-name',
      where: '--experiment',
      remedy: known.rows.length === 0 ? 'submit one first' : `it has ${known.rows.map(row => row.name).join(', ')}`,
    });
  }
  let [brought, kept, open] = [0, 0, 0];
  const refused: { folder: string; message: string }[] = [];
  for (const { id, about, done } of rows) {
    const parsed = aboutCell.safeParse(about);
    if (!parsed.success) refused.push({ folder: id, message: 'the queue does not say where its run belongs' });
    else if (!done) open += 1;
    else if (isThere(runFolder(join(out, parsed.data.folder)).result)) kept += 1;
    else {
      try {
        await bringBack(queue, id, out, parsed.data);
        brought += 1;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused.push({ folder: parsed.data.folder, message: error.message });
      }
    }
  }
  return { brought, kept, open, refused };
}
