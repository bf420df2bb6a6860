import { html } from 'htm/preact';
import { useMemo, useState } from 'preact/hooks';
import { count, score } from '../core/format.ts';
import type { RunSummary } from '../report/run-summary.ts';
import { listed, type Order } from './filter.ts';
import { compareLink, runLink } from './route.ts';

/** More curves than this cannot be told apart. */
const mostCompared = 6;

const stateNames = {
  ...{ running: 'running', finished: 'finished', damaged: 'damaged' },
  ...{ stopped: 'stopped', failed: 'failed', killed: 'killed' },
} as const;

interface RunListProps {
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** The run that is shown beside the list. */
  readonly current?: string;
}

/** All runs, to filter, to sort, to open one or to choose some for comparing. */
export function RunList({ runs, current }: RunListProps) {
  const [filter, setFilter] = useState('');
  const [order, setOrder] = useState<Order>('newest');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const shown = useMemo(() => listed(runs.values(), filter, order), [runs, filter, order]);
  const compared = chosen.filter(id => runs.has(id));
  const choose = (id: string, on: boolean) =>
    setChosen(before => (on ? [...before, id].slice(-mostCompared) : before.filter(each => each !== id)));

  return html`<nav class="list" aria-label="Runs">
    <div class="controls">
      <input
        type="search"
        placeholder="Filter: task, model, method, name…"
        aria-label="Filter runs"
        value=${filter}
        onInput=${(event: Event) => setFilter((event.target as HTMLInputElement).value)}
      />
      <select
        aria-label="Order of runs"
        value=${order}
        onChange=${(event: Event) => setOrder((event.target as HTMLSelectElement).value as Order)}
      >
        <option value="newest">newest</option>
        <option value="name">name</option>
        <option value="score">score</option>
      </select>
    </div>
    <p class="tally muted" role="status">
      ${shown.length === runs.size ? `${count(runs.size)} runs` : `${count(shown.length)} of ${count(runs.size)} runs`}
      ${compared.length > 1 && html`<a class="compare" href=${compareLink(compared)}>Compare ${compared.length}</a>`}
      ${compared.length === 1 && html`<span> · choose another to compare</span>`}
    </p>
    <ul>
      ${shown.map(
        run => html`<${Row}
          key=${run.id}
          run=${run}
          isCurrent=${run.id === current}
          isChosen=${chosen.includes(run.id)}
          choose=${choose}
        />`,
      )}
    </ul>
  </nav>`;
}

interface RowProps {
  readonly run: RunSummary;
  readonly isCurrent: boolean;
  readonly isChosen: boolean;
  choose(id: string, on: boolean): void;
}

/** One run. An unchanged one is not drawn again, which keeps a long list quick. */
function Row({ run, isCurrent, isChosen, choose }: RowProps) {
  return useMemo(() => {
    const { id, state, task, model, method, seed, test, metric, progress } = run;
    const at = progress && state !== 'finished' ? `${progress.stage} ${progress.step}/${progress.steps}` : '';
    return html`<li class=${`row ${state}`}>
      <input
        type="checkbox"
        aria-label=${`Compare ${id}`}
        checked=${isChosen}
        onChange=${(event: Event) => choose(id, (event.target as HTMLInputElement).checked)}
      />
      <a href=${runLink(id)} aria-current=${isCurrent ? 'page' : undefined}>
        <span class="name">${id}</span>
        <span class="value">${test === undefined ? '' : score(test)}<small>${test === undefined ? '' : ` ${metric}`}</small></span>
        <span class="facts">${[task, model, method, seed === null ? '' : `seed ${seed}`].filter(Boolean).join(' · ')}</span>
        <span class="state">${[stateNames[state], at].filter(Boolean).join(' ')}</span>
      </a>
    </li>`;
  }, [run, isCurrent, isChosen]);
}
