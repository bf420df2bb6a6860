import type { Client, Pool, PoolClient } from 'pg';
import type { PgBoss } from 'pg-boss';
import { InputError, StorageError } from '../../core/errors.ts';

/** Variables that no process which does runs gets to see. */
export const secretVariables = [
  ...['S3DELTA_QUEUE', 'PGPASSWORD', 'S3DELTA_WORKER_PASSWORD', 'S3DELTA_SUBMITTER_PASSWORD'],
] as const;

/** Where the queue is found when no --queue is given: a password in an argument would stand in the process list. */
const queueVariable = 'S3DELTA_QUEUE';

/** Schemas, queues and roles, by their names in the database. */
export const queueNames = {
  own: 's3delta',
  boss: 's3delta_boss',
  cells: 'cells',
  deadLetters: 'dead-letters',
  roles: { worker: 's3delta_worker', submitter: 's3delta_submitter' },
} as const;

/** What statements are given to: a connection inside a transaction, or the pool. */
export type Statements = Pick<PoolClient, 'query'>;

/** A queue that is connected to. */
export interface Queue {
  /** In words, without a password. */
  readonly name: string;
  readonly pool: Pool;
  /** Does the work in one transaction: all of it or nothing. */
  inTransaction<T>(work: (client: Statements) => Promise<T>): Promise<T>;
  /** pg-boss on this database, started when it is first asked for. */
  boss(): Promise<PgBoss>;
  close(): Promise<void>;
}

/** How a queue is used. */
export interface QueueOptions {
  /** Seconds between two looks for cells whose worker is gone; none are looked for where it is left out. */
  readonly superviseSeconds?: number;
}

/**
 * The URL of the queue: the one given, or else that of $S3DELTA_QUEUE.
 * @throws InputError where there is none, or the one given has a password in it
 */
export function queueUrl(given: string | undefined): string {
  const url = given ?? process.env[queueVariable];
  if (url === undefined || url === '') {
    throw new InputError('no queue is given', {
      code: 'missing-setting',
      where: '--queue',
      remedy: `give --queue postgres://USER@HOST/DATABASE, or the same with its password in $${queueVariable}`,
    });
  }
  const parsed = parseUrl(url);
  if (given !== undefined && (parsed.password !== '' || parsed.searchParams.has('password'))) {
    throw new InputError('a password in an argument can be read by everyone on this machine', {
      code: 'password-in-argument',
      where: '--queue',
      remedy: `give the URL in $${queueVariable}, or the password in $PGPASSWORD or ~/.pgpass`,
    });
  }
  return url;
}

function parseUrl(url: string): URL {
  // A URL has a host; a socket's folder stands in `?host=`.
  const parsed = URL.parse(url.replace(/^(postgres(?:ql)?:\/\/[^/@]*@?)\//, '$1socket/'));
  if (parsed !== null && /^postgres(ql)?:$/.test(parsed.protocol)) return parsed;
  throw new InputError('this is no address of a PostgreSQL database', {
    code: 'unknown-value',
    where: '--queue',
    remedy: 'write postgres://USER@HOST:PORT/DATABASE, or postgres:///DATABASE?host=/FOLDER/OF/SOCKET',
  });
}

/** The URL as it may be shown: who, where, and nothing else. */
export function shownUrl(url: string): string {
  const { username, host, pathname, searchParams } = parseUrl(url);
  const user = username === '' ? '' : `${username}@`;
  return `postgres://${user}${searchParams.get('host') ?? host}${pathname}`;
}

/**
 * Opens the pool of connections to a database. Nothing is asked of it yet but whether it answers.
 * @throws InputError where it does not, or refuses
 */
export async function openDatabase(url: string, options: QueueOptions = {}): Promise<Queue> {
  const name = shownUrl(url);
  const { Pool } = (await load(() => import('pg'))).default;
  const pool = new Pool({
    connectionString: url,
    application_name: 's3delta',
    max: 4,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // A process that stands still in the middle of a transaction must not hold what others wait for.
    idle_in_transaction_session_timeout: 30_000,
  });
  // A connection that breaks while nobody uses it: the next one that is needed is opened anew.
  pool.on('error', () => {});
  let boss: Promise<PgBoss> | undefined;
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end().catch(() => {});
    throw asQueueError(error, name);
  }
  return {
    name,
    pool,
    inTransaction: work => inTransaction(pool, work),
    boss: () => {
      boss ??= startBoss(pool, options);
      boss.catch(() => {
        boss = undefined;
      });
      return boss;
    },
    async close() {
      await (await boss?.catch(() => undefined))?.stop({ graceful: false }).catch(() => {});
      await pool.end();
    },
  };
}

async function inTransaction<T>(pool: Pool, work: (client: Statements) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  const onError = () => {
    broken = true;
  };
  // Unheard, a connection that breaks between two statements would end the process.
  (client as unknown as Client).on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    (client as unknown as Client).off('error', onError);
    client.release(broken);
  }
}

/** Statements of pg-boss, to be done by a connection or the pool. */
export function executing(statements: Statements) {
  return { executeSql: (text: string, values?: unknown[]) => statements.query(text, values) };
}

async function startBoss(pool: Pool, { superviseSeconds }: QueueOptions): Promise<PgBoss> {
  const { PgBoss } = await load(() => import('pg-boss'));
  const boss = new PgBoss({
    db: executing(pool),
    schema: queueNames.boss,
    migrate: false,
    schedule: false,
    registerInstance: false,
    monitorVacuum: false,
    reindex: false,
    openTelemetry: { enabled: false },
    ...(superviseSeconds === undefined
      ? { supervise: false }
      : { superviseIntervalSeconds: superviseSeconds, monitorIntervalSeconds: superviseSeconds }),
  });
  // What it looks after in the background is tried again at its next turn.
  boss.on('error', () => {}).on('warning', () => {});
  return boss.start();
}

/** Optional packages: a machine that only trains does without. */
export async function load<T>(importing: () => Promise<T>): Promise<T> {
  try {
    return await importing();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InputError('the queue needs the packages pg and pg-boss, which are not installed', {
      code: 'missing-package',
      where: '--queue',
      remedy: 'install them: npm install pg pg-boss',
      cause,
    });
  }
}

/** Whether an error says that the database cannot be asked now; the same may work later. */
export function isAway(error: unknown): boolean {
  // What breaks while it fills a file is told as that file's.
  const own = (error instanceof StorageError && error.cause) || error;
  const { code = '', message = '', syscall } = own as { code?: string; message?: string; syscall?: string };
  // No socket is there; that a file is not is none of the database's.
  if (code === 'ENOENT') return syscall === 'connect';
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|57P0|08|53|25P03|40P01|40001)/.test(code) ||
    /connection terminated|timeout exceeded|connection error|Client has encountered/i.test(message)
  );
}

/** Why the database cannot be asked now, as `isAway` has found. */
export function awayWords(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === '53100') return 'the disk of the database is full';
  if (code === '53300') return 'the database has no connection free';
  return 'the database does not answer';
}

/** What a user can do about what a database has refused. Other errors come back as they are. */
export function asQueueError(error: unknown, where: string): unknown {
  const { code = '' } = error as { code?: string };
  const about = (what: string, code: InputError['code'], remedy: string) =>
    new InputError(what, { code, where, remedy });
  if (error instanceof InputError) return error;
  if (/^28/.test(code) || /SASL|password/.test(String((error as Error).message))) {
    return about(
      'the database refuses this user or password',
      'queue-refused',
      `correct the user in --queue, and the password in $${queueVariable}, $PGPASSWORD or ~/.pgpass`,
    );
  }
  if (code === '3D000') {
    return about('there is no such database', 'missing-queue', 'correct its name, or make it: createdb NAME');
  }
  if (code === '42501') {
    return about(
      'this user may not do that',
      'queue-refused',
      'give a user with these rights: see docs/many-machines.md',
    );
  }
  if (/^53/.test(code)) {
    return about(awayWords(error), 'queue-unreachable', 'make room there; the same command goes on from here');
  }
  if (isAway(error)) {
    return about('no database answers there', 'queue-unreachable', 'correct --queue, or start PostgreSQL');
  }
  return error;
}
