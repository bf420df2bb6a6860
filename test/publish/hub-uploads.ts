import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Interference } from '../hub/hub-server.ts';

/** What the Hub does where something is uploaded to a model, for a server of ours (`interfere`). */
export interface Uploads {
  readonly answer: Interference;
  /** Files by path, of every commit that was made. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly commits: readonly string[];
  /** SHA-256 of the large files of every commit, by path. */
  readonly large: ReadonlyMap<string, string>;
  /** Bytes of chunks and of their lists that came by xet. */
  readonly chunks: { xorbs: number; shards: number };
  /** Repositories that were made, as they were asked for. */
  readonly created: readonly Readonly<Record<string, unknown>>[];
}

/** How the next requests to a part of the protocol fail: with a status, or by a connection that is cut. */
export type Failures = Partial<Record<Part, number | 'cut'>>;

/** Parts of the protocol: large files go by `put`, or by xet as `xorb` and `shard`. */
type Part = 'create' | 'preupload' | 'batch' | 'put' | 'xorb' | 'shard' | 'commit';

/** What a client may do where large files are stored by xet; its own token is nobody's business there. */
export const storageToken = 'xet-token';

interface CommitLine {
  readonly key: 'header' | 'file' | 'lfsFile';
  readonly value: Readonly<Record<'path' | 'content' | 'oid' | 'summary', string>>;
}

/**
 * @param name `org/name`
 * @param storage origin that large files are put to
 * @param transfer how the Hub wants them
 */
export function uploadsTo(
  name: string,
  storage: () => string,
  failures: Failures,
  transfer: 'basic' | 'xet' = 'basic',
): Uploads {
  const lfsFrom = 20_000;
  const stored = new Map<string, Buffer>();
  const files = new Map<string, Buffer>();
  const commits: string[] = [];
  const large = new Map<string, string>();
  const chunks = { xorbs: 0, shards: 0 };
  const created: Record<string, unknown>[] = [];
  const parts = {
    create(body: Buffer): object {
      created.push(JSON.parse(String(body)));
      return { url: `https://hub/${name}`, id: name };
    },
    preupload(body: Buffer): object {
      const asked = JSON.parse(String(body)).files as { path: string; size: number }[];
      return {
        files: asked.map(({ path, size }) => ({ path, uploadMode: size < lfsFrom ? 'regular' : 'lfs' })),
      };
    },
    batch(body: Buffer): object {
      const { objects } = JSON.parse(String(body)) as { objects: { oid: string; size: number }[] };
      return {
        transfer,
        objects: objects.map(each => ({ ...each, actions: { upload: uploadOf(each.oid) } })),
      };
    },
    xorb(body: Buffer): object {
      chunks.xorbs += body.length;
      return { was_inserted: true };
    },
    shard(body: Buffer): object {
      chunks.shards += body.length;
      return { result: 1 };
    },
    put(body: Buffer, path: string): object {
      const oid = path.slice('/put/'.length);
      if (createHash('sha256').update(body).digest('hex') !== oid) throw new Error('other bytes than announced');
      stored.set(oid, body);
      return {};
    },
    commit(body: Buffer): object {
      for (const { key, value } of String(body)
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as CommitLine)) {
        if (key === 'header') commits.push(value.summary);
        else {
          if (key === 'lfsFile') large.set(value.path, value.oid);
          files.set(
            value.path,
            key === 'file' ? Buffer.from(value.content, 'base64') : (stored.get(value.oid) ?? Buffer.of()),
          );
        }
      }
      const oid = 'c'.repeat(40);
      return { success: true, commitOid: oid, commitUrl: `https://hub/${name}/commit/${oid}`, hookOutput: '' };
    },
  };
  const uploadOf = (oid: string) => {
    if (transfer === 'basic') return { href: `${storage()}/put/${oid}` };
    const header = {
      'X-Xet-Cas-Url': storage(),
      'X-Xet-Access-Token': storageToken,
      'X-Xet-Token-Expiration': '9999999999',
    };
    return { href: `${storage()}/token`, header };
  };
  const places: readonly [pattern: RegExp, part: keyof typeof parts][] = [
    [/^\/api\/repos\/create$/, 'create'],
    [new RegExp(`^/api/models/${name}/preupload/main$`), 'preupload'],
    [new RegExp(`^/${name}.git/info/lfs/objects/batch$`), 'batch'],
    [/^\/put\//, 'put'],
    [/^\/v1\/xorbs\/default\//, 'xorb'],
    [/^\/v1\/shards$/, 'shard'],
    [new RegExp(`^/api/models/${name}/commit/main$`), 'commit'],
  ];
  return {
    ...{ files, commits, created, large, chunks },
    answer(path, request, response) {
      const [, part] = places.find(([pattern]) => pattern.test(path)) ?? [];
      if (part === undefined) return false;
      void respond(request, response, failures[part], body => parts[part](body, path));
      return true;
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  failure: number | 'cut' | undefined,
  answer: (body: Buffer) => object,
): Promise<void> {
  if (failure === 'cut') {
    request.once('data', () => request.destroy());
    return;
  }
  // A client that gives up on one file gives up on those on their way.
  const pieces: Buffer[] | undefined = await request.toArray().catch(() => undefined);
  if (pieces === undefined) return;
  const body = Buffer.concat(pieces);
  const status = failure ?? 200;
  const document = failure === undefined ? answer(body) : { error: 'refused' };
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
}
