import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../files/folders.ts';
import { writeFileWhole } from '../../files/write-whole.ts';
import { runFolder } from '../../runs/run-folder.ts';
import { noteFilesAnew } from '../../runs/run-outcome.ts';
import type { Statements } from './database.ts';
import { pieceBytes } from './migrations.ts';

/** A cell in the hands of a worker: what every write is fenced by. */
export interface Held {
  readonly id: string;
  /** How often it was taken before: another for each worker that takes it. */
  readonly attempt: number;
}

/** What a file is when it is written elsewhere: its bytes with other paths in them. */
export type Translate = (path: string, bytes: Buffer) => Buffer;

const unchanged: Translate = (_, bytes) => bytes;

/**
 * A run writes its lines and its state before what rests on them, so what was written last is looked at first: then
 * everything it rests on is there as well.
 */
const lastFirst = [
  'outcome.json',
  'result.json',
  'delta.safetensors',
  'structure.json',
  'checkpoint/',
  'search-history.jsonl',
  'metrics.jsonl',
];

/** Texts that may hold paths. */
const withPaths = /^(config\.yaml|(inputs|result|(derived-)?structure)\.json)$/;

/** What was stored of a run folder: a file whose state is known is not sent again. */
export type StoredStates = Map<string, string>;

/**
 * Stores a run folder as it stands, while its run may be at work in it. A file at most a piece of which is in memory.
 * @param stored what the same worker has stored of it before; taken over by the caller when the transaction is through
 * @returns the states of the files that are stored now
 */
export async function storeRun(
  statements: Statements,
  { id, attempt }: Held,
  folder: string,
  stored: ReadonlyMap<string, string>,
  translate: Translate = unchanged,
): Promise<StoredStates> {
  const files = await openAll(folder);
  const states: StoredStates = new Map();
  try {
    for (const { path, handle, state, size } of files) {
      states.set(path, state);
      if (stored.get(path) === state) continue;
      await statements.query('SELECT s3delta.drop_file($1, $2, $3)', [id, attempt, path]);
      const hash = createHash('sha256');
      let bytes = 0;
      let number = 0;
      for await (const piece of piecesOf(
        handle,
        size,
        withPaths.test(path) ? all => translate(path, all) : undefined,
      )) {
        hash.update(piece);
        bytes += piece.length;
        const own = createHash('sha256').update(piece).digest();
        const values = [id, attempt, path, number, own, piece];
        await statements.query('SELECT s3delta.put_piece($1, $2, $3, $4, $5, $6)', values);
        number += 1;
      }
      await statements.query('SELECT s3delta.put_file($1, $2, $3, $4, $5)', [
        id,
        attempt,
        path,
        hash.digest('hex'),
        bytes,
      ]);
    }
    for (const path of stored.keys()) {
      if (!states.has(path)) await statements.query('SELECT s3delta.drop_file($1, $2, $3)', [id, attempt, path]);
    }
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
  return states;
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly state: string;
  readonly size: number;
}

/** Files are replaced, not changed: an open one stays what it is. Logs alone grow, and are read as far as they were. */
async function openAll(folder: string): Promise<OpenFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter(entry => entry.isFile() && !entry.name.startsWith('.') && entry.name !== 'lock.json')
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const place = (path: string) => [...lastFirst, ''].findIndex(name => path.startsWith(name));
  const opened: OpenFile[] = [];
  for (const path of paths.sort((a, b) => place(a) - place(b))) {
    const handle = await open(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      // Replaced or removed since it was listed.
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (handle === undefined) continue;
    const found = await handle.stat({ bigint: true });
    opened.push({ path, handle, size: Number(found.size), state: stateOf(found) });
  }
  return opened;
}

const stateOf = ({ ino, size, mtimeNs }: BigIntStats) => `${ino} ${size} ${mtimeNs}`;

async function* piecesOf(
  handle: FileHandle,
  size: number,
  change: ((all: Buffer) => Buffer) | undefined,
): AsyncGenerator<Buffer> {
  if (change !== undefined) {
    const all = change(await handle.readFile());
    for (let at = 0; at < all.length; at += pieceBytes) yield all.subarray(at, at + pieceBytes);
    return;
  }
  for (let at = 0; at < size; ) {
    const piece = Buffer.alloc(Math.min(pieceBytes, size - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/**
 * Writes what is stored of a run into a folder. The statements must be those of one transaction that sees one state.
 * @returns the states of the files, for `storeRun`
 * @throws Error where the bytes are not those that were stored
 */
export async function restoreRun(
  statements: Statements,
  id: string,
  folder: string,
  translate: Translate = unchanged,
): Promise<StoredStates> {
  const states: StoredStates = new Map();
  const { rows } = await statements.query<{ path: string; hash: string }>(
    'SELECT path, hash FROM s3delta.file WHERE cell = $1 ORDER BY path',
    [id],
  );
  await makeFolder(folder);
  for (const { path, hash } of rows) {
    requireInside(path);
    const pieces = storedPieces(statements, { table: 'piece', id, path }, hash);
    const target = join(folder, path);
    await makeFolder(dirname(target));
    await writeFileWhole(target, withPaths.test(path) ? translate(path, await joined(pieces)) : pieces);
    states.set(path, stateOf(await stat(target, { bigint: true })));
  }
  // Other paths make other bytes; on their way the queue's own hashes have kept them.
  await noteFilesAnew(runFolder(folder));
  return states;
}

/** The database checks this as well; what is read from it is not believed. */
function requireInside(path: string): void {
  const isName = (part: string) => /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(part);
  if (path.split('/').every(isName)) return;
  throw new Error(`the queue holds a file by an impossible name: ${JSON.stringify(path)}`);
}

type Stored = { readonly table: 'piece'; readonly id: string; readonly path: string } | { readonly table: 'input' };

async function* storedPieces(statements: Statements, stored: Stored, hash: string): AsyncGenerator<Buffer> {
  const whole = createHash('sha256');
  const [text, values] =
    stored.table === 'piece'
      ? ([
          'SELECT data FROM s3delta.piece WHERE cell = $1 AND path = $2 AND number = $3',
          [stored.id, stored.path],
        ] as const)
      : (['SELECT data FROM s3delta.input WHERE hash = $1 AND number = $2', [hash]] as const);
  for (let number = 0; ; number++) {
    const { rows } = await statements.query<{ data: Buffer }>(text, [...values, number]);
    if (rows[0] === undefined) break;
    whole.update(rows[0].data);
    yield rows[0].data;
  }
  if (whole.digest('hex') !== hash) throw new Error('what the queue holds of a file is not what was stored');
}

async function joined(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Stores a file that cells read, once. */
export async function storeInput(statements: Statements, hash: string, bytes: Uint8Array): Promise<void> {
  for (let at = 0, number = 0; at < bytes.length || number === 0; at += pieceBytes, number++) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    const insert = 'INSERT INTO s3delta.input (hash, number, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
    await statements.query(insert, [hash, number, piece]);
  }
}

/** Writes a stored input into a file. Throws as `restoreRun`. */
export async function restoreInput(statements: Statements, hash: string, file: string): Promise<void> {
  await makeFolder(dirname(file));
  await writeFileWhole(file, storedPieces(statements, { table: 'input' }, hash));
}
