import { call, type Service, serviceAt, type TrackedRun, type Tracker } from './tracker.ts';

const API = '/api/2.0/mlflow';
/** What a server takes at once. */
const MOST_METRICS = 1000;
const MOST_PARAMS = 100;
const MOST_LETTERS = 500;

/** By the variables that MLflow's own client reads. */
function server(): Service {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: user,
    MLFLOW_TRACKING_PASSWORD: password,
  } = process.env;
  const basic = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
  const authorization = token ? `Bearer ${token}` : basic;
  return serviceAt('MLFLOW_TRACKING_URI', 'http://127.0.0.1:5000', {
    ...(authorization !== undefined && { Authorization: authorization }),
  });
}

/** Runs of an experiment by MLflow's REST. Its store keeps a point that is sent twice once. */
export const mlflow: Tracker = {
  description: 'an MLflow server: $MLFLOW_TRACKING_URI, $MLFLOW_EXPERIMENT_NAME',
  async send(run, { points, end }, known, signal) {
    const to = server();
    const post = (path: string, body: unknown) => call(to, 'POST', `${API}${path}`, body, signal);
    const id = known ?? (await openRun(run, to, signal));
    const run_id = id;
    const metrics = points.flatMap(({ step, time, values }) =>
      Object.entries(values).map(([key, value]) => ({ key: keyOf(key), value, timestamp: time, step })),
    );
    for (const [key, value] of Object.entries(end?.scores ?? {})) {
      metrics.push({ key: keyOf(key), value, timestamp: end!.time, step: 0 });
    }
    for (let at = 0; at < metrics.length; at += MOST_METRICS) {
      await post('/runs/log-batch', { run_id, metrics: metrics.slice(at, at + MOST_METRICS) });
    }
    if (end === undefined) return id;
    if (end.picture !== undefined) await putPicture(to, id, end.picture, signal);
    await post('/runs/update', { run_id, status: 'FINISHED', end_time: end.time });
    return id;
  },
};

/** The run of this beginning and name, which is made where there is none, with its settings. */
async function openRun(run: TrackedRun, to: Service, signal: AbortSignal): Promise<string> {
  const name = process.env.MLFLOW_EXPERIMENT_NAME?.trim() || 's3delta';
  const query = `?experiment_name=${encodeURIComponent(name)}`;
  const found = await call(to, 'GET', `${API}/experiments/get-by-name${query}`, undefined, signal);
  const experiment =
    (found as { experiment?: { experiment_id: string } } | undefined)?.experiment ??
    ((await call(to, 'POST', `${API}/experiments/create`, { name }, signal)) as { experiment_id: string });
  const { experiment_id } = experiment;
  const id = (await findRun(run, experiment_id, to, signal)) ?? (await beginRun(run, experiment_id, to, signal));
  const params = Object.entries(run.settings).map(([key, value]) => {
    return { key: keyOf(key), value: value.slice(0, MOST_LETTERS) };
  });
  for (let at = 0; at < params.length; at += MOST_PARAMS) {
    const part = { run_id: id, params: params.slice(at, at + MOST_PARAMS) };
    await call(to, 'POST', `${API}/runs/log-batch`, part, signal);
  }
  return id;
}

interface RunInfo {
  readonly info: { readonly run_id: string; readonly run_name?: string };
}

/** A run that was begun there by a send that broke off, or of which the note was lost. */
async function findRun(run: TrackedRun, experiment: string, to: Service, signal: AbortSignal) {
  const asked = { experiment_ids: [experiment], filter: `attributes.start_time = ${run.begun}`, max_results: 1000 };
  const found = (await call(to, 'POST', `${API}/runs/search`, asked, signal)) as { readonly runs?: readonly RunInfo[] };
  return found?.runs?.find(({ info }) => info.run_name === run.name)?.info.run_id;
}

async function beginRun(run: TrackedRun, experiment_id: string, to: Service, signal: AbortSignal): Promise<string> {
  const begun = { experiment_id, run_name: run.name, start_time: run.begun };
  const created = (await call(to, 'POST', `${API}/runs/create`, begun, signal)) as { readonly run: RunInfo };
  return created.run.info.run_id;
}

/** Through the server, where it hands artifacts on; one that does not has them where we cannot write. */
async function putPicture(to: Service, run_id: string, png: Uint8Array, signal: AbortSignal): Promise<void> {
  const got = await call(to, 'GET', `${API}/runs/get?run_id=${run_id}`, undefined, signal);
  const uri = (got as { run?: { info?: { artifact_uri?: string } } } | undefined)?.run?.info?.artifact_uri ?? '';
  const [, path] = /^mlflow-artifacts:\/*(.+)$/.exec(uri) ?? [];
  if (path === undefined) return;
  await call(to, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}/heatmap.png`, png, signal);
}

/** MLflow allows letters, digits and some signs in names. */
const keyOf = (name: string): string => name.replaceAll(/[^\w\-. /]/g, '_');
