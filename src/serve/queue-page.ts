import { duration } from '../core/format.ts';
import { failureWords, type QueueStanding } from '../experiments/queue/queue-state.ts';
import { escapeMarkup } from '../report/pictures/svg.ts';

const experimentColumns = [
  ...['experiment', 'priority', 'runs', 'waiting', 'running', 'done', 'failed', 'an hour', 'time left'],
];

/** Seconds between two looks of an open page. */
const refreshSeconds = 5;

/** How a queue stands, as a page that asks again by itself. What others have written is text in it. */
export function queuePage({ experiments, workers, failures }: QueueStanding): string {
  const runs = experiments.map(({ name, priority, cells, states, hourly }) => {
    const open = states.waiting + states.running;
    const left = hourly === 0 || open === 0 ? '' : duration((open / hourly) * 3600);
    return [name, priority, cells, states.waiting, states.running, states.done, states.failed, hourly, left];
  });
  const people = workers.map(({ name, program, cell, seen }) => [
    name,
    program,
    cell ?? '',
    `${Math.round(seen)} s ago`,
  ]);
  const failed = failures.map(failure => {
    const { experiment, cell, attempts, message } = failure;
    return [experiment, cell, failureWords(failure), attempts, message];
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>Queue</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>Queue</h1>
<p><a href="/">Runs</a></p>
${table('Experiments', experimentColumns, runs)}
${table('Workers', ['worker', 's3delta', 'works at', 'heard of'], people)}
${table('Failures', ['experiment', 'run', 'stands', 'attempts', 'reason'], failed)}
</main>
</body>
</html>
`;
}

type Cells = readonly (string | number)[];

function table(title: string, header: readonly string[], rows: readonly Cells[]): string {
  const row = (cells: Cells, tag: string) =>
    `<tr>${cells.map(cell => `<${tag}>${escapeMarkup(String(cell))}</${tag}>`).join('')}</tr>`;
  const body = `<div class="scroll" tabindex="0" role="group" aria-label="Table: ${title.toLowerCase()}">
<table>
<thead>${row(header, 'th')}</thead>
<tbody>
${rows.map(cells => row(cells, 'td')).join('\n')}
</tbody>
</table>
</div>`;
  return `<section class="panel">
<header><h2>${title}</h2></header>
${rows.length === 0 ? '<p class="muted">none</p>' : body}
</section>`;
}
