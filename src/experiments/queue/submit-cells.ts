import { executing, type Queue, queueNames, type Statements } from './database.ts';
import { groupOf, type PackedCell, type Submission } from './packed-cell.ts';
import { storeInput } from './run-pieces.ts';

/** Cells of an experiment, to be done by whoever works on the queue. */
export interface SubmittedExperiment {
  readonly name: string;
  /** Of two experiments the one with the higher priority goes first, -10 to 10; of equal ones cells alternate. */
  readonly priority: number;
  /** How often a cell that fails is tried again. */
  readonly retries: number;
  /** Seconds without a word from its worker after which a cell is given to another; at least 10. */
  readonly leaseSeconds: number;
}

/** A cell, and what its experiment has to know of it when it is brought back. */
export interface SubmittedCell extends Submission {
  readonly about: Readonly<Record<string, unknown>>;
}

/** Cells a transaction: a submitter that is killed has submitted some of them whole. */
const batchSize = 2000;

/** Places in turn that a level of priority has room for. */
const turns = 50_000_000;

/**
 * Submits cells. One that is there already, in whatever state, is not submitted again, but joins the experiment; one
 * that has failed for good is tried anew.
 * @returns the experiment's id
 */
export async function submitCells(
  queue: Queue,
  experiment: SubmittedExperiment,
  cells: readonly SubmittedCell[],
): Promise<string> {
  const boss = await queue.boss();
  const { rows } = await queue.pool.query<{ id: string; members: number }>(
    `INSERT INTO s3delta.experiment AS e (name, priority) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET priority = excluded.priority
     RETURNING id, (SELECT count(*)::int FROM s3delta.member m WHERE m.experiment = e.id) AS members`,
    [experiment.name, experiment.priority],
  );
  const [{ id, members }] = rows as [{ id: string; members: number }];
  const first = await currentTurn(queue.pool, experiment.priority);
  const known: string[] = [];
  for (let at = 0; at < cells.length; at += batchSize) {
    const batch = cells.slice(at, at + batchSize);
    await queue.inTransaction(async client => {
      for (const [hash, bytes] of new Map(batch.flatMap(cell => [...cell.inputs])))
        await storeInput(client, hash, bytes);
      const rows = batch.map(({ id, content, about }, i) => ({ id, content, about, place: members + at + i }));
      const { rows: added } = await client.query<{ id: string }>(insertCells, [
        JSON.stringify(rows),
        experiment.retries,
      ]);
      await client.query(insertMembers, [JSON.stringify(rows), id]);
      const isNew = new Set(added.map(cell => cell.id));
      const jobs = batch.flatMap(({ id, content }, i) =>
        isNew.has(id) ? [jobOf(id, content, experiment, first + at + i)] : [],
      );
      if (jobs.length > 0) await boss.insert(queueNames.cells, jobs, { db: executing(client) });
      known.push(...batch.map(cell => cell.id).filter(id => !isNew.has(id)));
    });
  }
  if (known.length > 0) await queue.pool.query('SELECT s3delta.revive($1)', [known]);
  return id;
}

const insertCells = `
  INSERT INTO s3delta.cell (id, content, retries)
  SELECT id, content, $2 FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, content jsonb)
  ON CONFLICT DO NOTHING RETURNING id`;

const insertMembers = `
  INSERT INTO s3delta.member (experiment, cell, place, about)
  SELECT $2, id, place, about FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, place int, about jsonb)
  ON CONFLICT DO NOTHING`;

function jobOf(id: string, content: PackedCell, { priority, leaseSeconds }: SubmittedExperiment, turn: number) {
  return {
    id,
    priority: priority * turns - Math.min(turn, turns - 1),
    group: { id: groupOf(content) },
    heartbeatSeconds: leaseSeconds,
  };
}

/**
 * The turn that cells of a priority are at. The n-th cell of an experiment is n turns behind the one that was waiting
 * first when it was submitted: experiments that are submitted one after the other alternate from then on, however many
 * cells each has.
 */
async function currentTurn(statements: Statements, priority: number): Promise<number> {
  const { rows } = await statements.query<{ turn: number | null }>(
    `SELECT priority AS turn FROM s3delta_boss.job
     WHERE name = $1 AND state < 'active' AND NOT blocked AND priority <= $2 AND priority > $2 - $3
     ORDER BY priority DESC, created_on LIMIT 1`,
    [queueNames.cells, priority * turns, turns],
  );
  return rows[0]?.turn == null ? 0 : priority * turns - rows[0].turn;
}
