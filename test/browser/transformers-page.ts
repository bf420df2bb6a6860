import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { Browser } from 'playwright-core';
import { openPage } from './chromium.ts';

/** A class, and how likely it is found. */
interface Labelled {
  readonly label: string;
  readonly score: number;
}

/** An exported model in transformers.js in a page of Chromium, computed by onnxruntime-web's WebAssembly. */
export interface TransformersPage {
  /** What `generate` makes of each batch, greedily: rows of tokens, from the start token on, padded at their ends. */
  generate(batches: readonly (readonly string[])[], maxTokens: number): Promise<number[][][]>;
  /** What `pipeline('text-classification')` says of each text: all classes, the likeliest first. */
  classify(texts: readonly string[]): Promise<Labelled[][]>;
  close(): Promise<void>;
}

/** What a page asks of a pipeline that writes. */
interface Writer {
  tokenizer(texts: readonly string[], options: object): object;
  readonly model: { generate(inputs: object): Promise<{ tolist(): bigint[][] }> };
}

/** The files that a page loads: the library as a CDN has it, the runtime's WebAssembly, and the export. */
function foldersOf(model: string): Readonly<Record<string, string>> {
  const library = fileURLToPath(import.meta.resolve('@huggingface/transformers'));
  const runtime = createRequire(library).resolve('onnxruntime-web');
  return { library: dirname(library), runtime: dirname(runtime), 'models/exported': model };
}

async function serveFolders(folders: Readonly<Record<string, string>>) {
  const app = new Hono();
  app.get('/', context => context.html('<!doctype html><link rel="icon" href="data:,"><title>transformers.js</title>'));
  for (const [name, root] of Object.entries(folders)) {
    app.use(`/${name}/*`, serveStatic({ root, rewriteRequestPath: path => path.slice(name.length + 1) }));
  }
  const server = await new Promise<ReturnType<typeof serve>>(resolve => {
    const started = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(started));
  });
  const { port } = server.address() as { readonly port: number };
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise(done => server.close(done)) };
}

/** Opens a page with the model of a folder, as somebody's own page would. */
export async function openTransformers(
  browser: Browser,
  model: string,
  kind: 'text2text-generation' | 'text-classification',
  dtype: string | null = 'fp32',
): Promise<TransformersPage> {
  const server = await serveFolders(foldersOf(model));
  const { page, problems } = await openPage(browser);
  await page.goto(server.url);
  await page.evaluate(
    async ([library, kind, dtype]) => {
      const { pipeline, env } = await import(library);
      env.allowRemoteModels = false;
      env.allowLocalModels = true;
      env.useBrowserCache = false;
      env.backends.onnx.wasm.wasmPaths = '/runtime/';
      env.backends.onnx.wasm.numThreads = 1;
      Object.assign(globalThis, { ask: await pipeline(kind, 'exported', { device: 'wasm', dtype }) });
    },
    ['/library/transformers.min.js', kind, dtype] as const,
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return {
    generate: (batches, maxTokens) =>
      page.evaluate(
        async ([batches, max_new_tokens]) => {
          const { ask } = globalThis as unknown as { ask: Writer };
          const written: number[][][] = [];
          for (const texts of batches) {
            const inputs = ask.tokenizer(texts, { padding: true });
            const rows = (await ask.model.generate({ ...inputs, max_new_tokens })).tolist();
            written.push(rows.map(ids => ids.map(Number)));
          }
          return written;
        },
        [batches, maxTokens] as const,
      ),
    classify: texts =>
      page.evaluate(async texts => {
        const { ask } = globalThis as unknown as { ask: (text: string, options: object) => Promise<Labelled[]> };
        const answers: Labelled[][] = [];
        for (const text of texts) answers.push(await ask(text, { top_k: null }));
        return answers;
      }, texts),
    async close() {
      await page.context().close();
      await server.close();
    },
  };
}
