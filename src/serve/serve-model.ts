import { basename, resolve } from 'node:path';
import { createModelApp } from './model-app.ts';
import { createPredictor, type PredictorOptions } from './predictor.ts';
import { createRequestMetrics } from './request-metrics.ts';
import { listen, type ServeOptions } from './server.ts';

export interface ServeModelOptions
  extends Omit<ServeOptions, 'folder' | 'queue'>,
    Pick<PredictorOptions, 'changes' | 'batchSize' | 'queue' | 'onEvent'> {
  /** Most bytes of a request (default 1 MiB). */
  readonly mostBytes?: number;
}

/** A model that answers requests. */
export interface ModelServer {
  readonly url: string;
  /** Answers what it has been asked, refuses what comes, and ends. */
  close(): Promise<void>;
}

/** What an answer may take on its way after it is made, before its connection is cut. */
const graceMilliseconds = 2000;

/**
 * Serves what a run has trained, or an exported model, over HTTP (`createModelApp`).
 * @throws InputError where the folder holds nothing that can answer, or the address cannot be listened on
 */
export async function serveModel(folder: string, options: ServeModelOptions = {}): Promise<ModelServer> {
  const { host = '127.0.0.1', port = 0, mostBytes = 2 ** 20, ...given } = options;
  const metrics = createRequestMetrics();
  const predictor = await createPredictor(folder, {
    ...given,
    onBatch: ({ size, seconds }) => metrics.batch(size, seconds),
  });
  let isEnding = false;
  const app = createModelApp(predictor, {
    ...{ name: basename(resolve(folder)), host, mostBytes, metrics },
    isEnding: () => isEnding,
  });
  const { url, close } = await listen(app.fetch, { host, port }).catch(async error => {
    await predictor.close();
    throw error;
  });
  return {
    url,
    async close() {
      isEnding = true;
      // Requests that come in the meantime are told to ask another server.
      await predictor.close();
      await close(graceMilliseconds);
    },
  };
}
