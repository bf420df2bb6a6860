import { InputError } from '../../core/errors.ts';
import { executing, load, type Queue, queueNames, type Statements } from './database.ts';

/** Most bytes of a file in one row. */
export const pieceBytes = 1 << 20;

const { own, boss, cells, role } = queueNames;

/** A name in a path: no dot before it, no slash, backslash or control character in it. */
const pathPart = '[^./\\\\[:cntrl:]][^/\\\\[:cntrl:]]*';

/**
 * What each version of our own tables adds to the one before. pg-boss has versions of its own. A line is never changed
 * once it was released: the next one is added.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE ${own}.experiment (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    priority int NOT NULL CHECK (priority BETWEEN -10 AND 10),
    begun timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE ${own}.cell (
    id uuid PRIMARY KEY,
    content jsonb NOT NULL,
    retries int NOT NULL CHECK (retries >= 0),
    submitted timestamptz NOT NULL DEFAULT now()
  );
  -- One cell may belong to several experiments, and is done once.
  CREATE TABLE ${own}.member (
    experiment uuid NOT NULL REFERENCES ${own}.experiment ON DELETE CASCADE,
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    place int NOT NULL,
    about jsonb NOT NULL,
    PRIMARY KEY (experiment, cell)
  );
  CREATE INDEX member_cell ON ${own}.member (cell);
  -- Small files that cells read, by the hash of all of their pieces.
  CREATE TABLE ${own}.input (
    hash text NOT NULL,
    number int NOT NULL,
    data bytea NOT NULL CHECK (octet_length(data) <= ${pieceBytes}),
    PRIMARY KEY (hash, number)
  );
  CREATE TABLE ${own}.file (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    path text NOT NULL CHECK (path ~ '^${pathPart}(/${pathPart}){0,3}$'),
    hash text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (cell, path)
  );
  CREATE TABLE ${own}.piece (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    path text NOT NULL,
    number int NOT NULL,
    hash bytea NOT NULL,
    data bytea NOT NULL CHECK (octet_length(data) <= ${pieceBytes}),
    PRIMARY KEY (cell, path, number)
  );
  -- Numbers in binary do not get smaller.
  ALTER TABLE ${own}.piece ALTER COLUMN data SET STORAGE EXTERNAL;
  CREATE TABLE ${own}.done (
    cell uuid PRIMARY KEY REFERENCES ${own}.cell ON DELETE CASCADE,
    attempt int NOT NULL,
    worker uuid NOT NULL,
    result jsonb NOT NULL,
    finished timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE ${own}.failure (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    attempt int NOT NULL,
    worker uuid NOT NULL,
    message text NOT NULL CHECK (length(message) <= 4000),
    failed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cell, attempt)
  );
  CREATE TABLE ${own}.worker (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) <= 200),
    program text NOT NULL CHECK (length(program) <= 200),
    cell uuid,
    lacks text[] NOT NULL DEFAULT '{}',
    begun timestamptz NOT NULL DEFAULT now(),
    seen timestamptz NOT NULL DEFAULT now()
  );

  -- The fence: locks the cell's place in the queue for the rest of the transaction, or ends it. A worker whose lease
  -- has passed and whose cell another took over has an older attempt.
  CREATE FUNCTION ${own}.hold(held uuid, attempt int) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM 1 FROM ${boss}.job j
      WHERE j.name = '${cells}' AND j.id = hold.held AND j.state = 'active' AND j.retry_count = hold.attempt FOR UPDATE;
    IF NOT FOUND OR EXISTS (SELECT 1 FROM ${own}.done d WHERE d.cell = hold.held) THEN
      RAISE EXCEPTION 'the cell is not held any more' USING ERRCODE = 'S3D01';
    END IF;
  END $$;

  CREATE FUNCTION ${own}.drop_file(held uuid, attempt int, name text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    DELETE FROM ${own}.piece p WHERE p.cell = held AND p.path = name;
    DELETE FROM ${own}.file f WHERE f.cell = held AND f.path = name;
  END $$;

  CREATE FUNCTION ${own}.put_piece(held uuid, attempt int, name text, number int, hash bytea, data bytea) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    IF sha256(data) <> hash THEN
      RAISE EXCEPTION 'the piece has another hash' USING ERRCODE = 'S3D02';
    END IF;
    INSERT INTO ${own}.piece (cell, path, number, hash, data) VALUES (held, name, number, hash, data);
  END $$;

  CREATE FUNCTION ${own}.put_file(held uuid, attempt int, name text, hash text, bytes bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.file (cell, path, hash, bytes) VALUES (held, name, hash, bytes);
  END $$;

  CREATE FUNCTION ${own}.put_result(held uuid, attempt int, worker uuid, result jsonb) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.done (cell, attempt, worker, result) VALUES (held, attempt, worker, result);
  END $$;

  -- Notes why an attempt has failed. A cell that has failed more often than it may, where nothing else is said by what
  -- its submitter says, goes to the dead letters with this attempt.
  CREATE FUNCTION ${own}.put_failure(held uuid, attempt int, worker uuid, message text, most int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE over boolean;
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.failure (cell, attempt, worker, message) VALUES (held, attempt, worker, left(message, 4000));
    SELECT count(*) > coalesce(most, (SELECT retries FROM ${own}.cell c WHERE c.id = held))
      INTO over FROM ${own}.failure f WHERE f.cell = held;
    IF over THEN
      UPDATE ${boss}.job j SET retry_limit = attempt WHERE j.name = '${cells}' AND j.id = held;
    END IF;
    RETURN over;
  END $$;

  CREATE FUNCTION ${own}.see_worker(id uuid, name text, program text, cell uuid, lacks text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ${own}.worker AS w (id, name, program, cell, lacks)
      VALUES (see_worker.id, see_worker.name, see_worker.program, see_worker.cell, see_worker.lacks)
      ON CONFLICT ON CONSTRAINT worker_pkey DO UPDATE SET cell = excluded.cell, lacks = excluded.lacks, seen = now();
  $$;
  CREATE FUNCTION ${own}.leave_worker(gone uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM ${own}.worker w WHERE w.id = gone OR w.seen < now() - interval '1 day';
  $$;
  `,
];

/** What a worker may do: take cells, renew them and give them back, and write what it has made of those it holds. */
const rights = `
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${own} FROM PUBLIC;
  GRANT USAGE ON SCHEMA ${own}, ${boss} TO ${role};
  GRANT SELECT ON ALL TABLES IN SCHEMA ${own} TO ${role};
  GRANT EXECUTE ON FUNCTION ${own}.hold, ${own}.drop_file, ${own}.put_piece, ${own}.put_file, ${own}.put_result,
    ${own}.put_failure, ${own}.see_worker, ${own}.leave_worker TO ${role};
  GRANT SELECT ON ALL TABLES IN SCHEMA ${boss} TO ${role};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${boss} TO ${role};
  GRANT INSERT, UPDATE, DELETE ON ${boss}.job, ${boss}.job_common TO ${role};
  GRANT DELETE ON ${boss}.job_dependency TO ${role};
  GRANT UPDATE (monitor_backoff_on) ON ${boss}.version TO ${role};
`;

/** Columns of pg-boss's list of queues that say how cells are treated: a worker changes none of them. */
const settingsOfQueues = [
  ...['name', 'policy', 'retry_limit', 'retry_delay', 'retry_backoff', 'retry_delay_max', 'expire_seconds'],
  ...['retention_seconds', 'deletion_seconds', 'dead_letter', 'partition', 'table_name', 'heartbeat_seconds', 'notify'],
];

/**
 * Makes a queue in a database, or brings it to this version, and makes the role of workers where this user may.
 * @returns whether the role is there
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
    return prepareRole(client);
  });
}

async function prepareRole(client: Statements): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean; may: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') AS there,
       (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may`,
  );
  const [{ there, may }] = rows as [{ there: boolean; may: boolean }];
  if (!there && !may) return false;
  if (!there) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  await client.query(rights);
  const { rows: columns } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = '${boss}.queue'::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  const counts = columns.map(column => column.name).filter(name => !settingsOfQueues.includes(name));
  await client.query(`GRANT UPDATE (${counts.join(', ')}) ON ${boss}.queue TO ${role}`);
  return true;
}

/**
 * Makes a user for workers, or gives the one there is another password.
 * @throws InputError where there is no role of workers
 */
export async function prepareWorkerUser(queue: Queue, user: string, password: string): Promise<void> {
  await queue.inTransaction(async client => {
    const { rows } = await client.query<{ role: string | null; there: boolean }>(
      'SELECT to_regrole($1)::text AS role, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2) AS there',
      [role, user],
    );
    if (rows[0]!.role === null) {
      throw new InputError('this user may make no roles', {
        code: 'queue-refused',
        where: queue.name,
        remedy: `ask who may for: CREATE ROLE ${role}`,
      });
    }
    const words = rows[0]!.there ? 'ALTER ROLE %I PASSWORD %L' : `CREATE ROLE %I LOGIN PASSWORD %L IN ROLE ${role}`;
    const made = await client.query<{ sql: string }>('SELECT format($1, $2::text, $3::text) AS sql', [
      words,
      user,
      password,
    ]);
    await client.query(made.rows[0]!.sql);
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
