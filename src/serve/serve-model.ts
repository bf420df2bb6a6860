import { basename, resolve } from 'node:path';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { InputError, InterruptedError } from '../core/errors.ts';
import { bytes as inBytes } from '../core/format.ts';
import { guard } from './guard.ts';
import { createPredictor, type Predictor, type PredictorInput, type PredictorOptions } from './predictor.ts';
import { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
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

interface ModelAppOptions {
  /** What is served, as answers name it. */
  readonly name: string;
  /** Name or address the server is bound to; requests to another are refused. */
  readonly host: string;
  /** Most bytes of a request. */
  readonly mostBytes: number;
  readonly metrics: RequestMetrics;
  /** Whether the server is about to end: it then says so to whoever asks for its health. */
  isEnding(): boolean;
}

/** What a request is answered with where it cannot be answered: an error as the command line prints it. */
type Refusal = Readonly<Record<'code' | 'message', string>> & Partial<Record<'where' | 'remedy', string>>;

/** How many predictions a request was answered with. */
interface Counted {
  Variables: { predictions?: number };
}

/** Codes of what passes: whoever asks may ask again. */
const passing: readonly string[] = ['queue-full', 'predictor-closed'];
const retrySeconds = '1';
/** What nginx logs where the client is gone before its answer: nobody reads it but `/metrics`. */
const clientGone = 499;

/**
 * A predictor as a function from request to response: `POST /predict` with a text, an object of fields or a list of
 * them as JSON, `GET /health`, `GET /metrics`. Answers and errors are those of `s3delta predict --json`.
 */
function createModelApp(predictor: Predictor, options: ModelAppOptions): Hono<Counted> {
  const { name, host, mostBytes, metrics, isEnding } = options;
  const app = new Hono<Counted>();
  app.onError((error, context) => refuse(context, 500, { code: 'internal', message: error.message }));
  app.notFound(context => refuse(context, 404, { code: 'not-found', message: `there is no ${context.req.path}` }));
  app.use(guard(host, (context, message) => refuse(context, 403, { code: 'other-origin', message })));
  app.use(async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
    // A connection that is kept would hold up the end.
    if (isEnding()) context.header('connection', 'close');
  });

  app.get('/health', context =>
    isEnding() ? context.json({ status: 'ending' }, 503) : context.json({ status: 'ok', labels: predictor.labels }),
  );
  app.get('/metrics', context =>
    context.body(metrics.text(predictor.waiting), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );

  app.use('/predict', async (context, next) => {
    const started = performance.now();
    await next();
    const seconds = (performance.now() - started) / 1000;
    metrics.request(context.res.status, seconds, context.get('predictions') ?? 0);
  });
  const onError = (context: Context) =>
    refuse(context, 413, {
      code: 'request-too-large',
      message: `the request is larger than ${inBytes(mostBytes)}`,
      remedy: 'send fewer inputs at once, or shorter ones',
    });
  app.post('/predict', bodyLimit({ maxSize: mostBytes, onError }), async context => {
    try {
      const inputs = inputsOf(await context.req.text());
      const predictions = await predictor.predict(inputs, { signal: context.req.raw.signal });
      context.set('predictions', predictions.length);
      return context.json({ run: name, predictions });
    } catch (error) {
      return refusal(context, error);
    }
  });
  app.all('/predict', context => {
    context.header('allow', 'POST');
    return refuse(context, 405, {
      code: 'method-not-allowed',
      message: `${context.req.method} asks nothing`,
      remedy: "POST a text, an object with the task's fields, or a list of them, as JSON",
    });
  });
  return app;
}

/** @throws InputError where the text is no JSON; what is in it is looked at by the predictor */
function inputsOf(text: string): PredictorInput[] {
  try {
    const given: unknown = JSON.parse(text);
    return (Array.isArray(given) ? given : [given]) as PredictorInput[];
  } catch (cause) {
    throw new InputError(`the request is no JSON: ${(cause as Error).message}`, {
      code: 'invalid-json',
      remedy: `send a text in quotation marks, an object with the task's fields, or a list of them`,
      cause,
    });
  }
}

function refusal(context: Context, error: unknown): Response {
  if (error instanceof InterruptedError) {
    return refuse(context, clientGone, { code: 'interrupted', message: 'the client is gone' });
  }
  if (!(error instanceof InputError)) throw error;
  const { code, what: message, where, remedy } = error;
  const isPassing = passing.includes(code);
  if (isPassing) context.header('retry-after', retrySeconds);
  return refuse(context, isPassing ? 503 : 400, {
    ...{ code, message },
    ...(where !== undefined && { where }),
    ...(remedy !== undefined && { remedy }),
  });
}

function refuse(context: Context, status: number, error: Refusal): Response {
  return context.json({ error }, status as 400);
}
