import { InputError } from '../../core/errors.ts';
import { executing, load, type Queue, queueNames, type Statements } from './database.ts';
import { migrations } from './migrations.ts';

const { own, boss, cells, roles } = queueNames;

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

/** What a database user of a queue is for, when it does not own it. */
export type QueueRole = keyof typeof roles;

const names = Object.values(roles).join(', ');

/**
 * Both read all there is. A worker may take cells, renew them and give them back, and write what it has made of those
 * it holds. A submitter may add experiments and cells, have those tried anew that have failed, and stop its own.
 */
const rights = `
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${own} FROM PUBLIC;
  GRANT USAGE ON SCHEMA ${own}, ${boss} TO ${names};
  GRANT SELECT ON ALL TABLES IN SCHEMA ${own}, ${boss} TO ${names};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${boss} TO ${names};

  GRANT EXECUTE ON FUNCTION ${own}.hold, ${own}.drop_file, ${own}.put_piece, ${own}.put_file, ${own}.put_result,
    ${own}.put_failure, ${own}.see_worker, ${own}.leave_worker TO ${roles.worker};
  GRANT INSERT, UPDATE, DELETE ON ${boss}.job, ${boss}.job_common TO ${roles.worker};
  GRANT DELETE ON ${boss}.job_dependency TO ${roles.worker};
  GRANT UPDATE (monitor_backoff_on) ON ${boss}.version TO ${roles.worker};

  GRANT INSERT ON ${own}.experiment, ${own}.cell, ${own}.member, ${own}.input TO ${roles.submitter};
  GRANT UPDATE (priority) ON ${own}.experiment TO ${roles.submitter};
  GRANT INSERT ON ${boss}.job, ${boss}.job_common TO ${roles.submitter};
  GRANT EXECUTE ON FUNCTION ${own}.revive, ${own}.stop_cells TO ${roles.submitter};
`;

/** Columns of pg-boss's list of queues that say how cells are treated: a worker changes none of them. */
const settingsOfQueues = [
  ...['name', 'policy', 'retry_limit', 'retry_delay', 'retry_backoff', 'retry_delay_max', 'expire_seconds'],
  ...['retention_seconds', 'deletion_seconds', 'dead_letter', 'partition', 'table_name', 'heartbeat_seconds', 'notify'],
];

/** Makes the roles that are not there yet, and grants their rights. False where this user may make none. */
async function prepareRoles(client: Statements): Promise<boolean> {
  const { rows } = await client.query<{ known: string[]; may: boolean }>(
    `SELECT (SELECT coalesce(array_agg(rolname::text), '{}') FROM pg_roles WHERE rolname = ANY($1)) AS known,
       (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may`,
    [Object.values(roles)],
  );
  const [{ known, may }] = rows as [{ known: string[]; may: boolean }];
  const missing = Object.values(roles).filter(role => !known.includes(role));
  if (missing.length > 0 && !may) return false;
  for (const role of missing) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  await client.query(rights);
  const { rows: columns } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = '${boss}.queue'::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  const counts = columns.map(column => column.name).filter(name => !settingsOfQueues.includes(name));
  await client.query(`GRANT UPDATE (${counts.join(', ')}) ON ${boss}.queue TO ${roles.worker}`);
  return true;
}

/**
 * Makes a user of a role, or gives the one there is this role and another password.
 * @throws InputError where the role is not there
 */
export async function prepareUser(queue: Queue, role: QueueRole, user: string, password: string): Promise<void> {
  await queue.inTransaction(async client => {
    const { rows } = await client.query<{ role: string | null; there: boolean }>(
      'SELECT to_regrole($1)::text AS role, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2) AS there',
      [roles[role], user],
    );
    if (rows[0]!.role === null) {
      throw new InputError('this user may make no roles', {
        code: 'queue-refused',
        where: queue.name,
        remedy: `ask who may for: CREATE ROLE ${roles[role]}`,
      });
    }
    const words = rows[0]!.there ? 'ALTER ROLE %I PASSWORD %L' : 'CREATE ROLE %I LOGIN PASSWORD %L';
    for (const statement of [words, `GRANT ${roles[role]} TO %I`]) {
      const { rows: made } = await client.query<{ sql: string }>('SELECT format($1, $2::text, $3::text) AS sql', [
        statement,
        user,
        password,
      ]);
      await client.query(made[0]!.sql);
    }
  });
}
