import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobWithMetadata } from 'pg-boss';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { InterruptedError, StorageError } from '../../core/errors.ts';
import { asStorageError } from '../../files/file-errors.ts';
import { makeFolder } from '../../files/folders.ts';
import { packageVersion } from '../../library/provenance.ts';
import { type RunResult, readResult } from '../../runs/result.ts';
import { runFolder } from '../../runs/run-folder.ts';
import { describeError, type Runner } from '../executors/executor.ts';
import { awayWords, executing, isAway, type Queue, queueNames, type Statements } from './database.ts';
import { keepLease, type Lease } from './lease.ts';
import { LackError, type LocalCell, PoisonError, readPacked, unpackCell } from './local-cell.ts';
import { type Allowed, groupOf, type PackedCell } from './packed-cell.ts';
import { type Held, restoreRun, type StoredStates, storeRun } from './run-pieces.ts';

/** How a worker works. */
export interface WorkerOptions {
  /** Does one cell after the other; asked for again where one has failed. */
  readonly runner: () => Runner;
  readonly allowed: Allowed;
  readonly catalogue?: Catalogue | undefined;
  /** Aborting saves the state of the cell at work, gives it back, and ends. */
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
  /** Processor threads of every run (default: what its submitter says, or all there are). */
  readonly threads?: number;
  /** End when no cell is left that is to be done, or being done. */
  readonly untilEmpty?: boolean;
  /** Least seconds between two checkpoints that are sent (default 30). */
  readonly checkpointSeconds?: number;
  /** Seconds between two looks into an empty queue (default 2). */
  readonly pollSeconds?: number;
  /** Seconds for which it leaves cells alone that need what it lacks (default 10), and all where its disk is full. */
  readonly lackSeconds?: number;
  /** Folder in which a folder of its own is made for cells at work (default: that of temporary files). */
  readonly workFolder?: string;
}

/** What a worker has done. */
export interface WorkerOutcome {
  readonly done: number;
  readonly failed: number;
}

/** pg-boss ends an attempt after a day, whatever it hears: the cell is given back before, and taken again. */
const longestAttempt = 23 * 3600 * 1000;
/** How often all workers there are may have refused a cell before it goes to the dead letters. */
const mostRefusals = 5;

/**
 * Takes cells from a queue and does them, until it is asked to stop. A database that is away is waited for.
 * @throws what stands in the way of all cells, as a right that is missing
 */
export async function workOnQueue(queue: Queue, options: WorkerOptions): Promise<WorkerOutcome> {
  const worker = new QueueWorker(queue, options);
  try {
    return await worker.work();
  } finally {
    await worker.close();
  }
}

class QueueWorker {
  readonly #queue: Queue;
  readonly #options: WorkerOptions;
  readonly #id = randomUUID();
  readonly #outcome = { done: 0, failed: 0 };
  /** Until when cells of a group are left to others. */
  readonly #lacks = new Map<string, number>();
  /** Until when it takes none at all: its disk is full. */
  #rests = Number.NEGATIVE_INFINITY;
  #runner: Runner | undefined;
  #seen = Number.NEGATIVE_INFINITY;

  constructor(queue: Queue, options: WorkerOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  async work(): Promise<WorkerOutcome> {
    const { signal, tell, untilEmpty, pollSeconds = 2, workFolder = tmpdir() } = this.#options;
    await makeFolder(workFolder);
    const own = await mkdtemp(join(workFolder, 's3delta-worker-')).catch(error => {
      throw asStorageError(workFolder, error);
    });
    let away = 0;
    try {
      while (!signal.aborted) {
        try {
          const job = await this.#take();
          if (away > 0) tell('the database is back');
          away = 0;
          if (job !== undefined) await this.#do(job, join(own, job.id));
          else if (untilEmpty && (await this.#isEmpty())) break;
          else await pause(pollSeconds, signal);
        } catch (error) {
          if (!isAway(error)) throw error;
          if (away === 0) tell(`${awayWords(error)}: waiting for it`);
          away += 1;
          await pause(Math.min(10, 2 ** away / 4), signal);
        }
      }
    } finally {
      await rm(own, { recursive: true, force: true });
    }
    return this.#outcome;
  }

  async close(): Promise<void> {
    await this.#runner?.close();
    await this.#queue.pool.query('SELECT s3delta.leave_worker($1)', [this.#id]).catch(() => {});
  }

  async #take(): Promise<JobWithMetadata | undefined> {
    await this.#show(null);
    const boss = await this.#queue.boss();
    const now = performance.now();
    if (now < this.#rests) return undefined;
    for (const [group, until] of this.#lacks) if (until < now) this.#lacks.delete(group);
    const ignoreGroups = [...this.#lacks.keys()];
    const [job] = await boss.fetch<object>(queueNames.cells, { includeMetadata: true, ignoreGroups });
    return job;
  }

  async #isEmpty(): Promise<boolean> {
    const { rows } = await this.#queue.pool.query(
      "SELECT 1 FROM s3delta_boss.job WHERE name = $1 AND state <= 'active' LIMIT 1",
      [queueNames.cells],
    );
    return rows.length === 0;
  }

  /** Lets `status` see this worker, every ten seconds and with each cell. */
  async #show(cell: string | null): Promise<void> {
    if (cell === null && performance.now() - this.#seen < 10_000) return;
    const values = [this.#id, `${hostname()} ${process.pid}`, packageVersion(), cell, [...this.#lacks.keys()]];
    await this.#queue.pool.query('SELECT s3delta.see_worker($1, $2, $3, $4, $5)', values);
    this.#seen = performance.now();
  }

  async #do(job: JobWithMetadata, folder: string): Promise<void> {
    const held: Held = { id: job.id, attempt: job.retryCount };
    const boss = await this.#queue.boss();
    const lease = keepLease(held, job.heartbeatSeconds ?? 60, async ({ id, attempt }) => {
      // Its types leave out what it returns.
      const touched = (await boss.touch(queueNames.cells, { id, retryCount: attempt })) as { affected: number };
      if (touched.affected > 0) await this.#show(id).catch(() => {});
      return touched.affected > 0;
    });
    let packed: PackedCell | undefined;
    try {
      await this.#show(job.id);
      const { rows } = await this.#queue.pool.query('SELECT content FROM s3delta.cell WHERE id = $1', [job.id]);
      if (rows[0] === undefined) {
        // Nobody waits for it, and nobody could be told.
        await boss.deleteJob(queueNames.cells, job.id);
        this.#options.tell(`${job.id}: removed, as it is the place of no cell`);
        return;
      }
      packed = readPacked(rows[0].content);
      await this.#run(held, packed, folder, lease);
    } catch (error) {
      await this.#fail(held, packed, error, lease);
    } finally {
      lease.end();
      // What it works at is no more.
      this.#seen = Number.NEGATIVE_INFINITY;
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #run(held: Held, packed: PackedCell, folder: string, lease: Lease): Promise<void> {
    const { allowed, catalogue, signal, tell, threads } = this.#options;
    const local = await unpackCell(packed, folder, allowed, this.#queue.pool, catalogue);
    const { cell: named, inward } = local;
    const cell = threads === undefined ? named : { ...named, settings: { ...named.settings, threads } };
    const restored = await this.#queue.inTransaction(async client => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      return restoreRun(client, held.id, cell.folder, inward);
    });
    tell(`${packed.name}: begun`);
    const started = performance.now();
    const overtime = AbortSignal.timeout(longestAttempt);
    const checkpoints = this.#sendCheckpoints(held, local, restored, lease);
    this.#runner ??= this.#options.runner();
    let result: RunResult;
    try {
      result = await this.#runner.run(cell, { signal: AbortSignal.any([signal, lease.lost, overtime]) });
    } catch (error) {
      const stored = await checkpoints.end();
      if (lease.lost.aborted) throw error;
      // What was written until then is whole: another goes on from there.
      if (error instanceof StorageError) await this.#store(held, local, stored, lease);
      if (!(error instanceof InterruptedError)) throw error;
      await this.#giveBack(held, local, stored, lease);
      tell(`${packed.name}: given back, its state saved`);
      return;
    }
    const stored = await checkpoints.end();
    // What is stored is what the file says, and only if it is a result.
    const written = (await readResult(runFolder(cell.folder).result)) ?? result;
    await this.#finish(held, local, stored, written, lease);
    this.#outcome.done += 1;
    tell(`${packed.name}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }

  /** Sends the run's state every now and then, so that sending takes at most a twentieth of the time. */
  #sendCheckpoints(held: Held, { cell, outward }: LocalCell, restored: StoredStates, { lost, lose }: Lease) {
    const ended = new AbortController();
    const over = AbortSignal.any([ended.signal, lost]);
    let stored = restored;
    const send = async () => {
      let wait = this.#options.checkpointSeconds ?? 30;
      while (!over.aborted) {
        await pause(wait, over);
        if (over.aborted) return;
        const began = performance.now();
        try {
          stored = await this.#queue.inTransaction(client => storeRun(client, held, cell.folder, stored, outward));
        } catch (error) {
          if (isLost(error)) lose();
          // The next one takes what this one could not.
        }
        const took = (performance.now() - began) / 1000;
        wait = Math.max(this.#options.checkpointSeconds ?? 30, 20 * took);
      }
    };
    const sending = send();
    return {
      async end(): Promise<StoredStates> {
        ended.abort();
        await sending;
        return stored;
      },
    };
  }

  /** All of the run, its result and its end in the queue in one transaction: a cell is done once, or not. */
  async #finish(held: Held, { cell, outward }: LocalCell, stored: StoredStates, result: RunResult, lease: Lease) {
    const boss = await this.#queue.boss();
    await this.#insist(lease, async client => {
      const { rows } = await client.query('SELECT 1 FROM s3delta.done WHERE cell = $1 AND worker = $2', [
        held.id,
        this.#id,
      ]);
      // It was committed, and the answer was lost on the way.
      if (rows.length > 0) return;
      await storeRun(client, held, cell.folder, stored, outward);
      await client.query('SELECT s3delta.put_result($1, $2, $3, $4)', [
        held.id,
        held.attempt,
        this.#id,
        JSON.stringify(result),
      ]);
      await boss.complete(queueNames.cells, attemptOf(held), null, { db: executing(client) });
    });
  }

  async #store(held: Held, { cell, outward }: LocalCell, stored: StoredStates, lease: Lease): Promise<void> {
    await this.#insist(lease, client => storeRun(client, held, cell.folder, stored, outward));
  }

  /** Stores the state, and lets another go on. That costs no retry. */
  async #giveBack(held: Held, { cell, outward }: LocalCell, stored: StoredStates, lease: Lease): Promise<void> {
    await this.#insist(lease, async client => {
      await client.query('SELECT s3delta.hold($1, $2)', [held.id, held.attempt]);
      await storeRun(client, held, cell.folder, stored, outward);
      await this.#putBack(client, held);
    });
  }

  async #putBack(client: Statements, held: Held): Promise<void> {
    const boss = await this.#queue.boss();
    const job = 'UPDATE s3delta_boss.job SET';
    const where = 'WHERE name = $1 AND id = $2 AND state =';
    const values = [queueNames.cells, held.id];
    await client.query(`${job} retry_limit = retry_limit + 1 ${where} 'active'`, values);
    await boss.fail(queueNames.cells, attemptOf(held), { message: 'given back' }, { db: executing(client) });
    await client.query(`${job} start_after = s3delta_boss.job_now() ${where} 'retry'`, values);
  }

  async #fail(held: Held, packed: PackedCell | undefined, error: unknown, lease: Lease): Promise<void> {
    const { tell } = this.#options;
    const name = packed?.name ?? held.id;
    if (lease.lost.aborted || isLost(error)) {
      tell(`${name}: lost, as the database was not heard of in time; another goes on with it`);
      return;
    }
    // Nobody can be told: the lease passes, and another goes on.
    if (isAway(error)) throw error;
    const message = error instanceof LackError || error instanceof PoisonError ? error.message : describeError(error);
    const isRefusal = error instanceof LackError || error instanceof StorageError;
    if (isRefusal) this.#leaveAlone(packed!, error);
    const boss = await this.#queue.boss();
    const isOver = await this.#insist(lease, async client => {
      const kind = !isRefusal ? 'failed' : (await this.#mayAnother(client, packed!)) ? 'passed on' : 'refused';
      const most = error instanceof PoisonError ? 0 : isRefusal ? mostRefusals : null;
      const values = [held.id, held.attempt, this.#id, message, kind, most];
      const put = 'SELECT s3delta.put_failure($1, $2, $3, $4, $5, $6) AS over';
      const { rows } = await client.query<{ over: boolean }>(put, values);
      if (kind === 'passed on') await this.#putBack(client, held);
      else await boss.fail(queueNames.cells, attemptOf(held), { message }, { db: executing(client) });
      return rows[0]!.over;
    });
    if (isRefusal) {
      tell(`${name}: refused${isOver ? ' for good' : ''}: ${message}`);
      return;
    }
    this.#outcome.failed += 1;
    tell(`${name}: failed${isOver ? ' for good' : ', to be tried again'}: ${message}`);
    // What a failure has left in a process is nobody's to know.
    await this.#runner?.close();
    this.#runner = undefined;
  }

  /** Leaves cells like this one to others for a while; all, where it is not for what they need. */
  #leaveAlone(packed: PackedCell, error: LackError | StorageError): void {
    const until = performance.now() + (this.#options.lackSeconds ?? 10) * 1000;
    this.#lacks.set(groupOf(packed), until);
    if (error instanceof StorageError) this.#rests = until;
  }

  /** Whether another worker is there that has not said it lacks what these cells need. */
  async #mayAnother(client: Statements, packed: PackedCell): Promise<boolean> {
    const { rows } = await client.query(
      `SELECT 1 FROM s3delta.worker WHERE id <> $1 AND seen > now() - interval '30 seconds' AND program = $2
         AND NOT lacks @> ARRAY[$3] LIMIT 1`,
      [this.#id, packed.program, groupOf(packed)],
    );
    return rows.length > 0;
  }

  /** Does a transaction, again while the database is away, for as long as the cell is held. */
  async #insist<T>(lease: Lease, work: (client: Statements) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#queue.inTransaction(work);
      } catch (error) {
        if (isLost(error)) lease.lose();
        if (lease.lost.aborted || !isAway(error)) throw error;
        await pause(Math.min(5, 2 ** tries / 8), lease.lost);
      }
    }
  }
}

function attemptOf({ id, attempt }: Held) {
  return { id, retryCount: attempt };
}

/** The fence's own words: the cell is another's. */
function isLost(error: unknown): boolean {
  return (error as { code?: string }).code === 'S3D01';
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => {});
}
