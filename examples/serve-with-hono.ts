// Answers HTTP requests with what a run has trained:  node serve-with-hono.ts RUN_OR_EXPORT [PORT]
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createPredictor, InputError } from 's3delta';

const [folder = 'runs/guestbook', port = '3000'] = process.argv.slice(2);
const predictor = await createPredictor(folder, { queue: 256 });
const app = new Hono();
app.post('/remarks', async context => {
  const remark = await context.req.json();
  return context.json(await predictor.predict(remark, { signal: context.req.raw.signal }));
});
app.onError((error, context) => {
  if (!(error instanceof InputError)) throw error;
  return context.json({ error: error.message, remedy: error.remedy }, error.code === 'queue-full' ? 503 : 400);
});
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(port) }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/remarks`);
});
process.once('SIGTERM', () => server.close(() => predictor.close()));
