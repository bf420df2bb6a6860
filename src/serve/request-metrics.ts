/** Counts of what a server has done, as Prometheus reads them (text format 0.0.4). */
export interface RequestMetrics {
  /** A request that was answered with this status after so many seconds, with so many predictions. */
  request(status: number, seconds: number, predictions: number): void;
  /** A run of the model over so many questions. */
  batch(size: number, seconds: number): void;
  /** The page of all of them; `waiting` is how many questions wait now. */
  text(waiting: number): string;
}

/** Seconds from a hit on a small encoder to a long text on a large one. */
const secondBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const sizeBounds = [1, 2, 4, 8, 16, 32, 64];

export function createRequestMetrics(): RequestMetrics {
  const requests = new Map<number, number>();
  const latency = histogram(secondBounds);
  const runs = histogram(secondBounds);
  const sizes = histogram(sizeBounds);
  let all = 0;
  return {
    request(status, seconds, predictions) {
      requests.set(status, (requests.get(status) ?? 0) + 1);
      latency.observe(seconds);
      all += predictions;
    },
    batch(size, seconds) {
      sizes.observe(size);
      runs.observe(seconds);
    },
    text: waiting =>
      [
        ...head('s3delta_requests_total', 'counter', 'Requests of predictions, by the status they were answered with.'),
        ...[...requests].map(([status, count]) => `s3delta_requests_total{status="${status}"} ${count}`),
        ...head('s3delta_predictions_total', 'counter', 'Inputs that were answered.'),
        `s3delta_predictions_total ${all}`,
        ...head('s3delta_request_seconds', 'histogram', 'From a request to its answer.'),
        ...latency.lines('s3delta_request_seconds'),
        ...head('s3delta_run_seconds', 'histogram', 'Runs of the model.'),
        ...runs.lines('s3delta_run_seconds'),
        ...head('s3delta_batch_size', 'histogram', 'Inputs that were answered by one run.'),
        ...sizes.lines('s3delta_batch_size'),
        ...head('s3delta_queue', 'gauge', 'Inputs that wait for a run.'),
        `s3delta_queue ${waiting}`,
        ...head('process_resident_memory_bytes', 'gauge', 'Resident memory of the server.'),
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        '',
      ].join('\n'),
  };
}

const head = (name: string, type: string, help: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];

/** Counts by upper bounds, cumulative as they are read. */
function histogram(bounds: readonly number[]) {
  const counts = bounds.map(() => 0);
  let [count, sum] = [0, 0];
  return {
    observe(value: number): void {
      count += 1;
      sum += value;
      for (const [i, bound] of bounds.entries()) if (value <= bound) counts[i]! += 1;
    },
    lines: (name: string): string[] => [
      ...bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${counts[i]}`),
      `${name}_bucket{le="+Inf"} ${count}`,
      `${name}_sum ${sum}`,
      `${name}_count ${count}`,
    ],
  };
}
