import { InputError } from '../../core/errors.ts';
import { executing, load, type Queue, queueNames, type Statements } from './database.ts';
import { migrations } from './migrations.ts';
import { prepareRoles } from './roles.ts';

const { own, boss, cells } = queueNames;

/**
 * Makes a queue in a database, or brings it to this version, and makes its roles where this user may.
 * @returns whether they are there
 * @throws InputError where the database is of a newer version, or this user may not make schemas
 */
export async function prepareQueue(queue: Queue): Promise<boolean> {
  const { PgBoss } = await load(() => import('pg-boss'));
  return queue.inTransaction(async client => {
    // One at a time: several may start on an empty database at once.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('${own}'))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${own}`);
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${own}.version
         (one boolean PRIMARY KEY DEFAULT true CHECK (one), version int NOT NULL)`,
    );
    const version = await versionOf(client);
    requireKnown(version, queue.name);
    const installer = new PgBoss({
      ...{ db: executing(queue.pool), schema: boss, supervise: false, schedule: false, registerInstance: false },
    });
    installer.on('error', () => {});
    await installer.start();
    // None is deleted because it has waited, or was done, for long.
    const kept = { deleteAfterSeconds: 0, retentionSeconds: 10 * 365 * 86_400, expireInSeconds: 86_400 };
    await installer.createQueue(queueNames.deadLetters, { ...kept, retryLimit: 0 });
    await installer.createQueue(cells, {
      ...{ ...kept, deadLetter: queueNames.deadLetters, heartbeatSeconds: 60 },
      ...{ retryLimit: 20, retryDelay: 2, retryBackoff: true, retryDelayMax: 300 },
    });
    await installer.stop({ graceful: false });
    for (const migration of migrations.slice(version)) await client.query(migration);
    await client.query(
      `INSERT INTO ${own}.version (version) VALUES ($1) ON CONFLICT (one) DO UPDATE SET version = excluded.version`,
      [migrations.length],
    );
    return prepareRoles(client);
  });
}

/**
 * Makes sure that a database holds a queue of this version, or that this user could make it. Changes nothing.
 * @throws InputError as `requireQueue`
 */
export async function requireQueueOrRoom(queue: Queue): Promise<void> {
  if ((await versionHere(queue)) === migrations.length) return;
  const { rows } = await queue.pool.query<{ may: boolean }>(
    "SELECT has_database_privilege(current_database(), 'CREATE') AS may",
  );
  if (!rows[0]!.may) await requireQueue(queue);
}

/** Makes a queue, or brings it to this version, where that is still to do. Throws as `prepareQueue`. */
export async function ensureQueue(queue: Queue): Promise<void> {
  if ((await versionHere(queue)) !== migrations.length) await prepareQueue(queue);
}

/**
 * Makes sure that a database holds a queue of this version. Changes nothing.
 * @throws InputError where it holds none, or one of another version
 */
export async function requireQueue(queue: Queue): Promise<void> {
  const version = await versionHere(queue);
  if (version === migrations.length) return;
  const isThere = version > 0;
  const what = isThere
    ? `the queue is of version ${version}, this program needs ${migrations.length}`
    : 'this database holds no queue';
  throw new InputError(what, {
    code: isThere ? 'queue-version' : 'missing-queue',
    where: queue.name,
    remedy: 'make it, or bring it to this version, as a user who may make schemas: s3delta queue',
  });
}

/** 0 where there is none. InputError where it is newer than this program. */
async function versionHere({ pool, name }: Queue): Promise<number> {
  const { rows } = await pool.query<{ found: string | null }>(`SELECT to_regclass('${own}.version') AS found`);
  const version = rows[0]!.found === null ? 0 : await versionOf(pool);
  requireKnown(version, name);
  return version;
}

async function versionOf(statements: Statements): Promise<number> {
  const { rows } = await statements.query<{ version: number }>(`SELECT version FROM ${own}.version`);
  return rows[0]?.version ?? 0;
}

function requireKnown(version: number, where: string): void {
  if (version <= migrations.length) return;
  throw new InputError(`the queue is of version ${version}, this program knows up to ${migrations.length}`, {
    code: 'queue-version',
    where,
    remedy: 'install a newer s3delta here, or give another database',
  });
}
