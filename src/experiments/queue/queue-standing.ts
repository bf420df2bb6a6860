import { type Queue, queueNames } from './database.ts';
import type { ExperimentStanding, FailureStanding, QueuedState, QueueStanding, WorkerStanding } from './queue-state.ts';

/** Words for pg-boss's states. */
export const stateWords = `CASE j.state WHEN 'created' THEN 'waiting' WHEN 'retry' THEN 'waiting'
  WHEN 'active' THEN 'running'
  WHEN 'completed' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END`;

/** What is said of a cell that has failed without a word: every worker that took it was lost. */
export const lostMessage = 'every worker that took it was lost: it may need more memory than they have';

interface ExperimentRow {
  readonly name: string;
  readonly priority: number;
  readonly state: QueuedState;
  readonly cells: number;
  /** Of the last half hour. */
  readonly recent: number;
  /** Since the first of those was begun, at most half an hour. */
  readonly seconds: number | null;
}

/** Counts by the database: of 100,000 cells no row comes here. */
const experimentsQuery = `
  SELECT e.name, e.priority, s.state, s.cells, s.recent,
    extract(epoch FROM least(now() - s.first, interval '30 minutes'))::float AS seconds
  FROM s3delta.experiment e
  JOIN (
    SELECT m.experiment, ${stateWords} AS state, count(*)::int AS cells,
      (count(*) FILTER (WHERE j.completed_on > now() - interval '30 minutes'))::int AS recent,
      min(j.started_on) FILTER (WHERE j.completed_on > now() - interval '30 minutes') AS first
    FROM s3delta.member m JOIN s3delta_boss.job j ON j.name = '${queueNames.cells}' AND j.id = m.cell
    GROUP BY 1, 2
  ) s ON s.experiment = e.id
  ORDER BY e.begun`;

const workersQuery = `
  SELECT w.name, w.program, c.content->>'name' AS cell, extract(epoch FROM now() - w.seen)::float AS seen
  FROM s3delta.worker w LEFT JOIN s3delta.cell c ON c.id = w.cell
  WHERE w.seen > now() - interval '1 minute' ORDER BY w.begun`;

const failuresQuery = `
  SELECT e.name AS experiment, c.content->>'name' AS cell, ${stateWords} AS state, j.retry_count + 1 AS attempts,
    coalesce(f.message, $1) AS message, coalesce(f.kind, 'failed') AS kind
  FROM (
    SELECT cell, max(attempt) AS attempt, max(failed) AS at FROM s3delta.failure o
      WHERE o.kind <> 'passed on' OR EXISTS (SELECT 1 FROM s3delta_boss.job j
        WHERE j.name = '${queueNames.cells}' AND j.id = o.cell AND j.state <= 'active')
      GROUP BY cell
    UNION ALL
    SELECT j.id, -1, j.completed_on FROM s3delta_boss.job j
      WHERE j.name = '${queueNames.cells}' AND j.state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM s3delta.failure f WHERE f.cell = j.id)
    ORDER BY at DESC LIMIT 100
  ) last
  LEFT JOIN s3delta.failure f ON f.cell = last.cell AND f.attempt = last.attempt
  JOIN s3delta.cell c ON c.id = last.cell
  JOIN s3delta.member m ON m.cell = c.id JOIN s3delta.experiment e ON e.id = m.experiment
  JOIN s3delta_boss.job j ON j.name = '${queueNames.cells}' AND j.id = c.id
  ORDER BY last.at DESC`;

/** How things stand in a queue. Reads what others have written as text, and believes nothing of it. */
export async function queueStanding({ pool }: Queue): Promise<QueueStanding> {
  const [counts, workers, failures] = await Promise.all([
    pool.query<ExperimentRow>(experimentsQuery),
    pool.query<WorkerStanding>(workersQuery),
    pool.query<FailureStanding>(failuresQuery, [lostMessage]),
  ]);
  const experiments = [...Map.groupBy(counts.rows, row => row.name)].map(([name, rows]): ExperimentStanding => {
    const of = (state: QueuedState) => rows.find(row => row.state === state)?.cells ?? 0;
    const states = {
      ...{ waiting: of('waiting'), running: of('running'), done: of('done'), failed: of('failed') },
      cancelled: of('cancelled'),
    };
    const cells = rows.reduce((sum, row) => sum + row.cells, 0);
    const { recent, seconds } = rows.find(row => row.state === 'done') ?? { recent: 0, seconds: null };
    const hourly = seconds === null ? 0 : Math.ceil((3600 * recent) / Math.max(1, seconds));
    return { name, priority: rows[0]!.priority, cells, states, hourly };
  });
  return { experiments, workers: workers.rows, failures: failures.rows };
}
