import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A server of ours that speaks as much of the Hub's protocol as its client needs. */
export interface HubServer {
  /** For $HF_ENDPOINT. */
  readonly url: string;
  /** Path of every request, the range it asked for, and whether it brought a token. */
  readonly requests: { readonly path: string; readonly range: string | undefined; readonly token: boolean }[];
  /** Asks this before anything else: true where it has answered. */
  interfere(answer: Interference | undefined): void;
  /** Answers so many of the next content requests with a connection that breaks after so many bytes. */
  breakNext(times: number, afterBytes: number): void;
  /** Answers the next content request with so many bytes, and then with silence. */
  stallNext(afterBytes: number): void;
  /** Answers the next content requests when so many of them wait. */
  gatherNext(count: number): void;
  /** Answers everything from now on with a page, as networks do that one has to log in to. */
  showPortal(): void;
  /** Sends other bytes than the listed ones, so many times. */
  spoilNext(times: number): void;
  /** The repository's files from now on. */
  replace(files: Files): void;
  close(): Promise<void>;
}

/** @param path without host and query, unescaped */
export type Interference = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** Contents by path. Those at least as long as `lfsFrom` are kept and listed as large files. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface HubSettings {
  /** `models/org/name` or `datasets/org/name`. */
  readonly repository: string;
  readonly files: Files;
  readonly lfsFrom?: number;
  /** Only who brings it is shown anything. */
  readonly token?: string;
}

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const commitOf = (files: Files) => sha1(Buffer.from(JSON.stringify(Object.entries(files).map(String))));

function json(response: ServerResponse, document: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.setHeader('X-Error-Code', code);
  json(response, { error: code }, status);
}

export async function startHub(t: TestContext, settings: HubSettings): Promise<HubServer> {
  const { repository, lfsFrom = 1000, token } = settings;
  let { files } = settings;
  let breaks = { times: 0, afterBytes: 0 };
  let stallAfter: number | undefined;
  let gathered = { count: 0, waiting: [] as (() => void)[] };
  let isPortal = false;
  let spoils = 0;
  let interference: Interference = () => false;
  const requests: { path: string; range: string | undefined; token: boolean }[] = [];
  const contents = () => new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname);
    requests.push({ path, range: request.headers.range, token: request.headers.authorization !== undefined });
    if (interference(path, request, response)) return;
    const commit = commitOf(files);
    const [api, resolve] = [`/api/${repository}`, `/${repository.replace(/^models\//, '')}/resolve/${commit}/`];
    if (isPortal) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Log in</html>');
      return;
    }
    const isShown = token === undefined || request.headers.authorization === `Bearer ${token}`;
    if (path.startsWith('/cdn/')) send(request, response, path.slice('/cdn/'.length));
    else if (!isShown) fail(response, 401, 'RepoNotFound');
    else if (path === `${api}/tree/${commit}`) json(response, tree());
    else if ([`${api}/revision/main`, `${api}/revision/${commit}`].includes(path)) {
      json(response, { _id: '1', id: repository, sha: commit });
    } else if (path.startsWith(resolve)) sendFile(request, response, path.slice(resolve.length));
    else fail(response, 404, 'RepoNotFound');
  }

  function sendFile(request: IncomingMessage, response: ServerResponse, path: string): void {
    const content = contents().get(path);
    if (content === undefined) fail(response, 404, 'EntryNotFound');
    else if (content.length < lfsFrom) send(request, response, sha1(content));
    else {
      const hash = sha256(content);
      const headers = { 'X-Linked-Size': content.length, 'X-Linked-ETag': `"${hash}"` };
      response.writeHead(302, { Location: `/cdn/${hash}`, ...headers }).end();
    }
  }

  function tree(): object[] {
    const listed = [...contents()].map(([path, content]) => {
      const common = { type: 'file', path, size: content.length, oid: sha1(content) };
      const lfs = { oid: sha256(content), size: content.length, pointerSize: 130 };
      return content.length < lfsFrom ? common : { ...common, lfs };
    });
    return [{ type: 'directory', path: 'folder', size: 0, oid: sha1(Buffer.from('tree')) }, ...listed];
  }

  function send(request: IncomingMessage, response: ServerResponse, hash: string): void {
    const content = [...contents().values()].find(each => hash === sha1(each) || hash === sha256(each))!;
    const [, start = '0', end] = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? '') ?? [];
    const last = Math.min(Number(end ?? content.length - 1), content.length - 1);
    const part = Buffer.from(content.subarray(Number(start), last + 1));
    const isProbe = request.headers.range === 'bytes=0-0';
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      ETag: `"${hash}"`,
      'Content-Length': part.length,
      'Content-Range': `bytes ${start}-${last}/${content.length}`,
    });
    if (!isProbe && gathered.waiting.push(() => answerWith(part, response)) >= gathered.count) {
      const { waiting } = gathered;
      gathered = { count: 0, waiting: [] };
      for (const go of waiting) go();
    } else if (isProbe) response.end(part);
  }

  function answerWith(part: Buffer, response: ServerResponse): void {
    if (breaks.times > 0) {
      breaks = { ...breaks, times: breaks.times - 1 };
      // At once, it could take bytes with it that are on their way.
      response.write(part.subarray(0, breaks.afterBytes), () => setTimeout(() => response.destroy(), 50));
      return;
    }
    if (stallAfter !== undefined) {
      response.write(part.subarray(0, stallAfter));
      stallAfter = undefined;
      return;
    }
    if (spoils > 0) {
      spoils--;
      part[0]! ^= 1;
    }
    response.end(part);
  }

  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise(listening => server.once('listening', listening));
  const close = () =>
    new Promise<void>(closed => {
      server.closeAllConnections();
      server.close(() => closed());
    });
  t.after(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    breakNext: (times, afterBytes) => {
      breaks = { times, afterBytes };
    },
    stallNext: afterBytes => {
      stallAfter = afterBytes;
    },
    gatherNext: count => {
      gathered = { count, waiting: [] };
    },
    interfere: (answer = () => false) => {
      interference = answer;
    },
    showPortal: () => {
      isPortal = true;
    },
    spoilNext: times => {
      spoils = times;
    },
    replace: next => {
      files = next;
    },
    close,
  };
}

/** Sets variables of the environment for the time of a test. */
export function withEnvironment(t: TestContext, values: Readonly<Record<string, string | undefined>>): void {
  const before = Object.fromEntries(Object.keys(values).map(name => [name, process.env[name]]));
  const set = (all: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(all)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(values);
  t.after(() => set(before));
}
