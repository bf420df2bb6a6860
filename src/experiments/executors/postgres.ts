import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, relative, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { key, keyWithDefault } from '../../core/checked-values.ts';
import { type Cell, cellId, cellName, fileName } from '../cell.ts';
import { type AboutCell, bringBack } from '../queue/collect-runs.ts';
import { asQueueError, awayWords, isAway, openDatabase, type Queue, queueNames, queueUrl } from '../queue/database.ts';
import { packCell } from '../queue/packed-cell.ts';
import { lostMessage, stateWords } from '../queue/queue-standing.ts';
import type { QueuedState } from '../queue/queue-state.ts';
import { ensureQueue, requireQueue, requireQueueOrRoom } from '../queue/schema.ts';
import { type SubmittedCell, submitCells } from '../queue/submit-cells.ts';
import { describeError, type Executor, type ExecutorContext, type ExecutorKind, type TellState } from './executor.ts';

const queueKey = key(
  z.string().min(1),
  'database of the queue: postgres://USER@HOST/DATABASE (default: $S3DELTA_QUEUE, which may hold a password)',
  { hint: 'URL' },
);

const options = z.strictObject({
  queue: queueKey,
  experiment: key(
    z.string().regex(/^[\w][\w. -]{0,99}$/),
    'what the queue calls it (default: the name of --out, and some letters that no other folder has)',
    { hint: 'NAME' },
  ),
  priority: keyWithDefault(
    z.coerce.number().int().min(-10).max(10),
    0,
    'from -10 to 10: runs of a higher one go first; experiments of the same take turns',
    { hint: 'N' },
  ),
  retries: keyWithDefault(z.coerce.number().int().min(0).max(100), 2, 'how often to try a run again that has failed', {
    hint: 'N',
  }),
  lease: keyWithDefault(
    z.coerce.number().int().min(10).max(3600),
    60,
    'seconds without a word from its worker after which another takes a run',
    { hint: 'SECONDS' },
  ),
});

type Options = z.output<typeof options>;

/** Workers on any machines that reach a PostgreSQL database. They share no folder with this one. */
export const postgres = {
  name: 'postgres',
  description: 'workers (`s3delta worker`) that take runs from a queue in a PostgreSQL database',
  options,
  reachedBy: ['queue', 'experiment'],
  async open(given, context) {
    const queue = await openDatabase(queueUrl(given.queue));
    try {
      await requireQueueOrRoom(queue);
    } catch (error) {
      await queue.close();
      throw asQueueError(error, queue.name);
    }
    return overQueue(queue, given, context);
  },
  async queue(given, out) {
    const queue = await openDatabase(queueUrl(given.queue));
    try {
      await requireQueue(queue);
    } catch (error) {
      await queue.close();
      throw asQueueError(error, queue.name);
    }
    return reachCells(queue, experimentName(given, out));
  },
} as const satisfies ExecutorKind<typeof options>;

/** The name of an experiment where none is given: the same for the same folder of the same machine. */
export function experimentName({ experiment }: { experiment?: string | undefined }, out: string): string {
  if (experiment !== undefined) return experiment;
  const letters = createHash('sha256')
    .update(`${hostname()}\n${resolve(out)}`)
    .digest('hex')
    .slice(0, 6);
  return `${fileName(basename(resolve(out)))}-${letters}`;
}

function overQueue(queue: Queue, given: Options, { out, catalogue, tell: say }: ExecutorContext): Executor {
  const name = experimentName(given, out);
  return {
    oneByOne: false,
    rehearse: async cells => [
      `would submit ${cells.length} runs to ${queue.name} as ${name}`,
      ...cells.map(cell => `would submit ${cellName(cell)}`),
    ],
    async run(cells, tell, signal) {
      try {
        await ensureQueue(queue);
        const { retries, priority, lease: leaseSeconds } = given;
        const submissions = await packAll(cells, out, catalogue, tell);
        const packed = [...submissions.keys()];
        await submitCells(queue, { name, priority, retries, leaseSeconds }, packed);
        say(`${packed.length} runs are in the queue ${queue.name} as ${name}`);
        await sayWorkers(queue, say);
        await follow(queue, submissions, out, tell, say, signal);
      } catch (error) {
        throw asQueueError(error, queue.name);
      }
    },
    close: () => queue.close(),
  };
}

/** Every cell packed, with its like: two that compute the same are one in the queue. */
async function packAll(
  cells: readonly Cell[],
  out: string,
  catalogue: Catalogue | undefined,
  tell: TellState,
): Promise<Map<SubmittedCell, Cell[]>> {
  const hashes = new Map<string, string>();
  const byId = new Map<string, { submission: SubmittedCell; cells: Cell[] }>();
  for (const cell of cells) {
    try {
      const submission = await packCell(cell, cellName(cell), catalogue, hashes);
      const known = byId.get(submission.id);
      if (known !== undefined) known.cells.push(cell);
      else byId.set(submission.id, { submission: { ...submission, about: aboutOf(cell, out) }, cells: [cell] });
    } catch (error) {
      tell(cell, { state: 'failed', message: describeError(error) });
    }
  }
  return new Map([...byId.values()].map(({ submission, cells }) => [submission, cells]));
}

function aboutOf(cell: Cell, out: string): AboutCell {
  const below = (path: string) => relative(resolve(out), resolve(path)).split(sep).join('/');
  const derived = cell.derive && below(cell.derive.to);
  return {
    cell: cellId(cell),
    folder: below(cell.folder),
    ...(derived && !derived.startsWith('..') && { derived }),
  };
}

async function sayWorkers(queue: Queue, say: (text: string) => void): Promise<void> {
  const { rows } = await queue.pool.query<{ count: number }>(
    "SELECT count(*)::int FROM s3delta.worker WHERE seen > now() - interval '1 minute'",
  );
  const count = rows[0]!.count;
  if (count === 0) say('no worker is there: start some, with `s3delta worker` and the same queue');
  else say(count === 1 ? 'one worker is there' : `${count} workers are there`);
}

/** Tells of cells as their states change, and brings back those that are done, until all have ended. */
async function follow(
  queue: Queue,
  submissions: ReadonlyMap<SubmittedCell, readonly Cell[]>,
  out: string,
  tell: TellState,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = new Map([...submissions].map(([submission, cells]) => [submission.id, { submission, cells }]));
  const told = new Map<string, QueuedState>();
  const reasons = new Set<string>();
  let away = false;
  while (open.size > 0 && !signal.aborted) {
    const asked = performance.now();
    try {
      for (const { id, state, message } of await changesOf(queue, [...open.keys()])) {
        const { cells } = open.get(id)!;
        if (signal.aborted) return;
        // What keeps one from being done keeps others, too: each reason is told once.
        if (message !== null && state === 'waiting' && !reasons.has(message)) {
          reasons.add(message);
          say(`${cellName(cells[0]!)} could not be done by a worker: ${message}`);
        }
        if (state !== told.get(id) && (state === 'running' || state === 'waiting')) {
          if (state === 'running' || told.has(id)) for (const cell of cells) tell(cell, { state });
        } else if (state === 'done') {
          for (const cell of cells) await settle(queue, id, cell, out, tell);
          open.delete(id);
        } else if (state === 'failed' || state === 'cancelled') {
          const why = state === 'cancelled' ? 'it was stopped' : (message ?? lostMessage);
          for (const cell of cells) tell(cell, { state: 'failed', message: why });
          open.delete(id);
        }
        told.set(id, state);
      }
      if (away) say('the database is back');
      away = false;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!away) say(`${awayWords(error)}: waiting for it`);
      away = true;
    }
    const took = performance.now() - asked;
    await delay(Math.max(1000, 10 * took), undefined, { signal }).catch(() => {});
  }
}

async function settle(queue: Queue, id: string, cell: Cell, out: string, tell: TellState): Promise<void> {
  try {
    const result = await bringBack(queue, id, out, aboutOf(cell, out));
    tell(cell, { state: 'done', result });
  } catch (error) {
    if (isAway(error)) throw error;
    tell(cell, { state: 'failed', message: describeError(error) });
  }
}

const lastMessage = '(SELECT f.message FROM s3delta.failure f WHERE f.cell = j.id ORDER BY f.attempt DESC LIMIT 1)';

interface Member {
  readonly id: string;
  readonly state: QueuedState;
  readonly message: string | null;
}

/** Of cells, those that are not just waiting. */
async function changesOf(queue: Queue, ids: readonly string[]) {
  const { rows } = await queue.pool.query<{ id: string; state: QueuedState; message: string | null }>(
    `SELECT j.id, ${stateWords} AS state,
       ${lastMessage} AS message
     FROM s3delta_boss.job j
     WHERE j.name = $1 AND j.id = ANY($2::uuid[]) AND (j.state >= 'active' OR j.state = 'retry')`,
    [queueNames.cells, ids],
  );
  return rows;
}

async function reachCells(queue: Queue, experiment: string) {
  async function membersOf(cells: readonly Cell[]): Promise<Map<string, Member>> {
    const { rows } = await queue.pool.query<Member & { cell: string }>(
      `SELECT m.cell AS id, m.about->>'cell' AS cell, ${stateWords} AS state, ${lastMessage} AS message
       FROM s3delta.experiment e JOIN s3delta.member m ON m.experiment = e.id
       JOIN s3delta_boss.job j ON j.name = $2 AND j.id = m.cell WHERE e.name = $1`,
      [experiment, queueNames.cells],
    );
    const known = new Map(rows.map(({ cell, ...row }) => [cell, row]));
    const asked = cells.map(cellId).filter(id => known.has(id));
    return new Map(asked.map(id => [id, known.get(id)!]));
  }

  return {
    async standing(cells: readonly Cell[]) {
      const members = [...(await membersOf(cells))];
      return new Map(
        members.map(([id, { state, message }]) => [
          id,
          state === 'failed' ? `failed: ${message ?? lostMessage}` : state,
        ]),
      );
    },
    /** What other experiments wait for is left to them. */
    async cancel(cells: readonly Cell[]) {
      const members = [...(await membersOf(cells)).values()];
      const { rows } = await queue.pool.query<{ stopped: number }>('SELECT s3delta.stop_cells($1, $2) AS stopped', [
        ...[experiment, members.map(({ id }) => id)],
      ]);
      return rows[0]!.stopped;
    },
    close: () => queue.close(),
  };
}
