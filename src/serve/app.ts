import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { InputError } from '../core/errors.ts';
import type { QueueStanding } from '../experiments/queue/queue-state.ts';
import { readComparison, readRunView } from '../jobs/report-job.ts';
import { runFolder } from '../runs/run-folder.ts';
import { contentSecurityPolicy, pageHtml, plotStyleSheet, readScripts, styleSheet } from './assets.ts';
import { createWatch, streamChanges } from './changes-stream.ts';
import { guard } from './guard.ts';
import { queuePage } from './queue-page.ts';
import { createRunIndex, inspectRun } from './run-index.ts';

export interface AppOptions {
  /** Name or address the server is bound to; requests to another are refused. */
  readonly host: string;
  /** How the queue stands that has a page of its own, `/queue`. */
  readonly queue?: (() => Promise<QueueStanding>) | undefined;
  /** How often the folder is looked at while a page is open. */
  readonly everyMilliseconds?: number;
}

/** Answers that are kept: as many runs as a page compares, and the one beside them. */
const mostRemembered = 8;

/** The page over a folder of runs, as a function from request to response. It reads and never writes. */
export function createApp(root: string, { host, queue, everyMilliseconds = 1000 }: AppOptions): Hono {
  const index = createRunIndex(root);
  const watch = createWatch(index, everyMilliseconds);
  const remember = remembering(mostRemembered);
  const start = randomUUID();
  const scripts = once(readScripts);
  const app = new Hono();

  app.onError((error, context) => context.json({ error: error.message }, 500));
  app.use(guard(host));
  app.use(async (context, next) => {
    await next();
    context.header('content-security-policy', contentSecurityPolicy);
    context.header('x-content-type-options', 'nosniff');
    context.header('referrer-policy', 'no-referrer');
    context.header('cross-origin-resource-policy', 'same-origin');
    context.header('cache-control', 'no-cache');
  });

  if (queue !== undefined) app.get('/queue', async context => context.html(queuePage(await queue())));
  app.get('/', context => context.html(pageHtml(scripts())));
  app.get('/style.css', context => text(context, 'text/css', styleSheet()));
  app.get('/uplot.css', context => text(context, 'text/css', plotStyleSheet()));
  for (const path of ['/modules/*', '/packages/*']) {
    app.get(path, context => text(context, 'text/javascript', scripts().get(context.req.path)));
  }
  app.get('/api/changes', context => streamChanges(context, index, watch, start));
  app.get('/api/run', async context => {
    const id = context.req.query('id') ?? '';
    if (index.pathOf(id) === undefined) watch.look();
    const path = index.pathOf(id);
    if (path === undefined) return context.json({ error: 'there is no such run in this folder' }, 404);
    try {
      const folder = runFolder(path);
      const content = await remember(`${id} ${inspectRun(folder).fingerprint}`, async () =>
        JSON.stringify(await readRunView(folder)),
      );
      return context.body(content, 200, { 'content-type': 'application/json' });
    } catch (error) {
      return refusal(context, error);
    }
  });
  app.get('/api/comparison', async context => {
    const path = index.pathOfComparison(context.req.query('id') ?? '');
    if (path === undefined) return context.json({ error: 'there is no such comparison in this folder' }, 404);
    try {
      return context.json(await readComparison(path));
    } catch (error) {
      return refusal(context, error);
    }
  });
  return app;
}

/** What is made when it is asked for first, and kept. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Keeps the last answers by their questions; one that is asked for while it is made is made once. */
function remembering(most: number) {
  const answers = new Map<string, Promise<string>>();
  return (question: string, answer: () => Promise<string>): Promise<string> => {
    const known = answers.get(question) ?? answer();
    answers.delete(question);
    answers.set(question, known);
    known.catch(() => answers.delete(question));
    if (answers.size > most) answers.delete(answers.keys().next().value!);
    return known;
  };
}

/** What is wrong with the files of a run is the user's to mend; anything else is an error of this program. */
function refusal(context: Context, error: unknown): Response {
  if (error instanceof InputError) return context.json({ error: error.message }, 422);
  throw error;
}

function text(context: Context, type: string, content: string | undefined): Response {
  if (content === undefined) return context.notFound() as Response;
  return context.body(content, 200, { 'content-type': `${type}; charset=utf-8` });
}
