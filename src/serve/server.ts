import { statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { InputError } from '../core/errors.ts';
import { type AppOptions, createApp } from './app.ts';

/** What to serve, and where. */
export interface ServeOptions extends Pick<AppOptions, 'queue'> {
  /** Folder of runs. */
  readonly folder: string;
  /** Address to listen on; loopback unless told. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
}

/** A page that is being served. */
export interface RunServer {
  /** Where the page is. */
  readonly url: string;
  /** Ends it, open pages included. */
  close(): Promise<void>;
}

/**
 * Serves the page over a folder of runs.
 * @throws InputError where the folder is a file, or the address cannot be listened on
 */
export async function serveRuns({ folder, queue, host = '127.0.0.1', port = 0 }: ServeOptions): Promise<RunServer> {
  // One that is not there yet may come with its first run; the server looks again and again.
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new InputError('this is a file, not a folder of runs', {
      code: 'not-a-folder',
      where: folder,
      remedy: 'give the folder that holds your run folders (`s3delta search` writes into runs/)',
    });
  }
  const server = createAdaptorServer({ fetch: createApp(folder, { host, queue }).fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(listenError(cause, host, port)));
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function listenError(cause: Error, host: string, port: number): Error {
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there: give another --port',
    EACCES: 'ports below 1024 are the system’s: give another --port',
    EADDRNOTAVAIL: 'this machine has no such address: give another --host',
    ENOTFOUND: 'no machine goes by that name: give another --host',
  };
  const remedy = remedies[(cause as NodeJS.ErrnoException).code ?? ''];
  return remedy === undefined
    ? cause
    : new InputError('cannot listen there', { code: 'cannot-listen', where: `${host}:${port}`, remedy, cause });
}
