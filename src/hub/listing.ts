import { listFiles } from '@huggingface/hub';
import { z } from 'zod';
import { asking, type Connection } from './connection.ts';
import type { RemoteFile } from './download.ts';
import { StrangeAnswerError } from './hub-errors.ts';

// Beyond what the Hub itself takes: its pages hold a thousand files each.
const MOST_PAGES = 1000;
const MOST_FILES = 200_000;

const entry = z.looseObject({ type: z.string(), path: z.string(), size: z.int().nonnegative() });
const fileEntry = entry.extend({
  oid: z.string().optional(),
  lfs: z.looseObject({ oid: z.string(), size: z.int().nonnegative() }).nullish(),
});

export const HASH = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * All files of a commit, as the Hub lists them.
 * @throws StrangeAnswerError where it lists what no repository has, or does not end
 */
export async function listRemoteFiles(connection: Connection, commit: string): Promise<RemoteFile[]> {
  const files = new Map<string, RemoteFile>();
  for await (const listed of listFiles({ ...oneWay(asking(connection)), revision: commit, recursive: true })) {
    if (entry.parse(listed).type !== 'file') continue;
    const { path, size, oid = '', lfs } = fileEntry.parse(listed);
    const hash = lfs?.oid ?? oid;
    if (!HASH.test(hash) || !isSafePath(path) || files.has(path)) {
      throw new StrangeAnswerError(`it lists the file ${JSON.stringify(path)} with the hash ${JSON.stringify(hash)}`);
    }
    if (files.size === MOST_FILES) throw new StrangeAnswerError(`it lists more than ${MOST_FILES} files`);
    files.set(path, { path, size: lfs?.size ?? size, hash });
  }
  return [...files.values()];
}

/** Each page says where the next one is: none may be asked for twice, nor too many. */
function oneWay(connection: Connection): Connection {
  const asked = new Set<string>();
  return {
    ...connection,
    fetch: (url, init) => {
      if (asked.has(String(url))) throw new StrangeAnswerError('the pages of its listing lead back to one another');
      if (asked.size === MOST_PAGES) throw new StrangeAnswerError(`its listing has more than ${MOST_PAGES} pages`);
      asked.add(String(url));
      return connection.fetch(url, init);
    },
  };
}

/** Paths become paths on this machine, below a folder that none may leave. */
function isSafePath(path: string): boolean {
  const parts = path.split(/[/\\]/);
  return !/\p{Cc}/u.test(path) && parts.every(part => part !== '' && part !== '.' && part !== '..');
}
