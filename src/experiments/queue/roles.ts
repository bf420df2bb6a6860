import { InputError } from '../../core/errors.ts';
import { type Queue, queueNames, type Statements } from './database.ts';

const { own, boss, roles } = queueNames;

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
export async function prepareRoles(client: Statements): Promise<boolean> {
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
