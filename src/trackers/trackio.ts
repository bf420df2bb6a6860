import { call, type Service, serviceAt, type Tracker } from './tracker.ts';

/** Where `trackio show` listens, and who may write there. */
function server(): Service {
  const token = process.env.TRACKIO_WRITE_TOKEN?.trim();
  return serviceAt('TRACKIO_SERVER_URL', 'http://127.0.0.1:7860', token ? { 'X-Trackio-Write-Token': token } : {});
}

/** Rows by the protocol of trackio's own client (0.43). Each has an id of its own: sent again it is there once. */
export const trackio: Tracker = {
  description: 'a trackio server: $TRACKIO_SERVER_URL, $TRACKIO_WRITE_TOKEN, $TRACKIO_PROJECT; no pictures',
  async send({ name, begun, settings }, { points, end }, id, signal) {
    const run = id ?? `${name} ${new Date(begun).toISOString()}`;
    const project = process.env.TRACKIO_PROJECT?.trim() || 's3delta';
    const rows = points.map(({ step, time, values }) => ({ step, time, metrics: values }));
    const last = points.at(-1)?.step ?? 0;
    if (end !== undefined) rows.push({ step: last, time: end.time, metrics: end.scores });
    const logs = rows.map(({ step, time, metrics }) => {
      return {
        project,
        run,
        step,
        metrics,
        config: settings,
        log_id: `${run} ${time} ${Object.keys(metrics).join(' ')}`,
      };
    });
    const answer = await call(server(), 'POST', '/api/bulk_log', { logs, hf_token: null }, signal);
    if (answer === undefined) throw new Error('the trackio server knows no /api/bulk_log: it needs trackio 0.43');
    return run;
  },
};
