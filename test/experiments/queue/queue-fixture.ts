import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import type { JobWithMetadata } from 'pg-boss';
import { openDatabase, type Queue, queueNames } from '../../../src/experiments/queue/database.ts';
import { type WorkerOutcome, workOnQueue } from '../../../src/experiments/queue/queue-worker.ts';
import { prepareQueue } from '../../../src/experiments/queue/schema.ts';
import {
  type SubmittedCell,
  type SubmittedExperiment,
  submitCells,
} from '../../../src/experiments/queue/submit-cells.ts';
import { tinyModel, workspace } from '../../cli/support.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { type Simulation, simulatedRunner, simulatedSubmission } from './simulated-cells.ts';

type WorkerOptions = Parameters<typeof workOnQueue>[1];

/** An empty queue for each test of a suite, its owner and a worker's user. To be called in a `describe`. */
export function queueForEachTest() {
  const space = workspace();
  const here: { server: PostgresServer; owner: Queue; anna: Queue; database: string } = {} as never;
  let number = 0;
  before(() => {
    here.server = startPostgres();
  });
  after(() => here.server.remove());
  beforeEach(async () => {
    here.database = `rules${number++}`;
    const { server, database } = here;
    server.create(database);
    here.owner = await openDatabase(server.url(database));
    await prepareQueue(here.owner);
    const url = number === 1 ? server.user('anna', database, queueNames.roles.worker) : server.url(database, 'anna');
    here.anna = await openDatabase(url, { superviseSeconds: 1 });
  });
  afterEach(async () => {
    await Promise.all([here.anna.close(), here.owner.close()]);
  });

  /** Submits simulated cells, by their seeds. */
  async function submit(
    name: string,
    seeds: readonly number[],
    options: Partial<SubmittedExperiment> = {},
    by: Queue = here.owner,
  ): Promise<SubmittedCell[]> {
    const cells = await Promise.all(seeds.map(seed => simulatedSubmission(seed, space.task)));
    await submitCells(by, { name, priority: 0, retries: 1, leaseSeconds: 10, ...options }, cells);
    return cells;
  }

  /** Works until nothing is left, or as the options say, and returns what was said as well. */
  async function work(
    queue: Queue,
    options: Partial<WorkerOptions> = {},
    simulation: Partial<Simulation> = {},
  ): Promise<WorkerOutcome & { readonly said: readonly string[] }> {
    const said: string[] = [];
    const outcome = await workOnQueue(queue, {
      runner: () => simulatedRunner({ steps: 3, stepMilliseconds: 1, ...simulation }),
      allowed: { folders: [space.folder, join(tinyModel, '..')], hub: false },
      signal: new AbortController().signal,
      tell: text => void said.push(text),
      ...{ untilEmpty: true, pollSeconds: 0.2, checkpointSeconds: 0.05, ...options },
    });
    return { ...outcome, said };
  }

  return { space, here, submit, work };
}

/** Takes the next cell from a queue, as a worker does. */
export async function take(queue: Queue): Promise<JobWithMetadata<unknown>> {
  const boss = await queue.boss();
  return (await boss.fetch(queueNames.cells, { includeMetadata: true }))[0]!;
}

/** What has been tried in vain is tried again at once, not after a pause. */
export async function hurry({ pool }: Queue): Promise<void> {
  await pool.query("UPDATE s3delta_boss.job SET start_after = now() WHERE name = 'cells' AND state = 'retry'");
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  assert.fail('it has not come');
}
