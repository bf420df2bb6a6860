import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of a test's own: in a temporary folder, on a socket, over when the test is. */
export interface PostgresServer {
  /** The URL of the owner of a database, with the password. */
  url(database: string, user?: string): string;
  /** Makes an empty database. */
  create(database: string): void;
  /** A user of it that may do what a role may. */
  user(name: string, database: string, role?: string): string;
  query(database: string, sql: string): string;
  /** Kills the server as a crash would, and starts it again. */
  restart(): void;
  stop(): void;
  start(): void;
  remove(): void;
}

const installed = '/usr/lib/postgresql';
const password = 'a secret: of %tests';

/** Why there can be no server here; undefined where there can. */
export function noServer(): string | undefined {
  if (binFolder() !== undefined) return undefined;
  return 'PostgreSQL is not installed (Debian: apt-get install -y --no-install-recommends postgresql)';
}

function binFolder(): string | undefined {
  const versions = existsSync(installed) ? readdirSync(installed).sort() : [];
  const [folder] = versions.map(version => join(installed, version, 'bin')).reverse();
  return folder !== undefined && existsSync(join(folder, 'initdb')) ? folder : undefined;
}

/** The server refuses to be run by root: then it is `nobody` who runs it. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export function startPostgres(): PostgresServer {
  const bin = binFolder()!;
  const who = user();
  // `npm test` has a temporary folder of its own, which no other user may enter.
  const folder = mkdtempSync(join(who && existsSync('/tmp') ? '/tmp' : tmpdir(), 's3pg-'));
  if (who) chownSync(folder, who.uid, who.gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const run = (program: string, args: readonly string[]) => {
    const { status, stderr, stdout } = spawnSync(join(bin, program), args, {
      ...{ ...who, cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      env: { PATH: process.env.PATH, PGPASSWORD: password, LC_ALL: 'C' },
    });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  writeFileSync(join(folder, 'password'), password);
  run('initdb', ['-D', data, '-U', 'owner', '-A', 'scram-sha-256', '--pwfile', join(folder, 'password'), '-N']);
  const options = `-k ${folder} -c listen_addresses= -c fsync=off -c max_connections=60 -c logging_collector=off`;
  const log = join(folder, 'log');
  const start = () => run('pg_ctl', ['-D', data, '-w', '-t', '60', '-l', log, '-o', options, 'start']);
  const stop = () => run('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop']);
  const query = (database: string, sql: string) =>
    run('psql', ['-h', folder, '-U', 'owner', '-d', database, '-v', 'ON_ERROR_STOP=1', '-Atqc', sql]);
  start();
  const url = (database: string, name = 'owner') =>
    `postgres://${name}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(folder)}`;
  return {
    url,
    create: database => void query('postgres', `CREATE DATABASE ${database}`),
    user(name, database, role) {
      query('postgres', `CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${role ? `IN ROLE ${role}` : ''}`);
      return url(database, name);
    },
    query: (database, sql) => query(database, sql).trim(),
    restart() {
      stop();
      start();
    },
    stop: () => void stop(),
    start: () => void start(),
    remove() {
      stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What must stand in no output. */
export const secrets = [password, encodeURIComponent(password)];
