import { html } from 'htm/preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import { count, plural, score } from '../core/format.ts';
import { dateText } from '../report/labels.ts';
import type { RunSummary } from '../report/run-summary.ts';
import { compareLink, type ListState, mostCompared, type Order, orderNames, runLink } from './address.ts';
import { stageText } from './run-progress.ts';
import { cutMiddle, type TreeRow, treeRows } from './run-tree.ts';

interface RunListProps {
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** Those that pass the filter, in order. */
  readonly shown: readonly RunSummary[];
  readonly state: ListState;
  change(changes: Partial<ListState>): void;
  /** The run that is shown beside the list. */
  readonly current?: string;
}

/** All runs, to filter, to sort, to open one or to choose some for comparing. */
export function RunList({ runs, shown, state, change, current }: RunListProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [stop, setStop] = useState<string>();
  const [isFull, setIsFull] = useState(false);
  const rows = useMemo(() => treeRows(shown, closed), [shown, closed]);
  const { filter, order, ticked } = state;
  const compared = ticked.filter(id => runs.has(id));
  // One line can be reached by the Tab key; from there the arrow keys go on.
  const stopAt = rows.some(row => row.path === stop) ? stop : (rows.find(row => row.path === current) ?? rows[0])?.path;

  function tick(box: HTMLInputElement, id: string) {
    const isTooMany = box.checked && compared.length >= mostCompared;
    setIsFull(isTooMany);
    if (isTooMany) box.checked = false;
    else change({ ticked: box.checked ? [...compared, id] : compared.filter(each => each !== id) });
  }
  // Rows that have not changed are not drawn again: what they were given asks for what is ticked now.
  const latest = useRef(tick);
  latest.current = tick;
  const tickNow = useCallback((box: HTMLInputElement, id: string) => latest.current(box, id), []);
  function toggle(path: string) {
    setClosed(before =>
      before.has(path) ? new Set([...before].filter(each => each !== path)) : new Set([...before, path]),
    );
  }

  return html`<nav class="list" aria-label="Runs">
    <div class="controls">
      <input
        type="search"
        placeholder="Filter runs"
        title="Words of a name, task, model, method or state, for example rte lora"
        aria-label="Filter runs"
        value=${filter}
        onInput=${(event: Event) => change({ filter: (event.target as HTMLInputElement).value })}
      />
      <select
        aria-label="Order of runs"
        value=${order.replace(/^-/, '')}
        onChange=${(event: Event) => change({ order: (event.target as HTMLSelectElement).value as Order })}
      >
        ${orderNames.map(name => html`<option value=${name}>${name}</option>`)}
      </select>
    </div>
    <p class="tally muted" role="status">
      ${shown.length === runs.size ? plural(runs.size, 'run') : `${count(shown.length)} of ${plural(runs.size, 'run')}`}
      ${compared.length > 1 && html`<a class="compare" href=${compareLink(compared)}>Compare ${compared.length}</a>`}
      ${compared.length === 1 && html`<span> · choose another to compare</span>`}
      ${isFull && html`<strong>At most ${mostCompared} can be compared: untick one first.</strong>`}
    </p>
    ${
      shown.length === 0 &&
      html`<p class="nothing muted">${runs.size === 0 ? 'No runs yet.' : 'No run has all of these words.'}</p>`
    }
    <ul onKeyDown=${walk}>
      ${rows.map(row => {
        const isStop = row.path === stopAt;
        return row.kind === 'folder'
          ? html`<${FolderRow} key=${`${row.path}/`} row=${row} isOpen=${!closed.has(row.path)} isStop=${isStop}
            toggle=${toggle} reach=${setStop} />`
          : html`<${RunRow}
              key=${row.path}
              row=${row}
              isStop=${isStop}
              isCurrent=${row.path === current}
              isTicked=${compared.includes(row.path)}
              tick=${tickNow}
              reach=${setStop}
            />`;
      })}
    </ul>
  </nav>`;
}

/** Up, down, to the first and to the last line. */
function walk(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const lines = [...list.querySelectorAll<HTMLElement>('[data-stop]')];
  const here = lines.findIndex(line => line.closest('li')!.contains(event.target as Node));
  const next = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: lines.length - 1 }[event.key];
  if (next === undefined || here < 0) return;
  event.preventDefault();
  lines[Math.min(Math.max(next, 0), lines.length - 1)]!.focus();
}

const longestName = 34;
/** Deeper folders are not moved further to the right: names need the room. */
const deepestIndent = 3;

interface FolderRowProps {
  readonly row: TreeRow & { readonly kind: 'folder' };
  readonly isOpen: boolean;
  /** Whether the Tab key leads here. */
  readonly isStop: boolean;
  toggle(path: string): void;
  reach(path: string): void;
}

function FolderRow({ row: { path, name, depth, runs }, isOpen, isStop, toggle, reach }: FolderRowProps) {
  return html`<li class=${`folder depth-${Math.min(depth, deepestIndent)}`}>
    <button
      type="button"
      data-stop
      title=${path}
      tabindex=${isStop ? 0 : -1}
      aria-expanded=${isOpen}
      onFocus=${() => reach(path)}
      onClick=${() => toggle(path)}
    >
      <span class="name">${cutMiddle(name, longestName)}</span> <small>${plural(runs, 'run')}</small>
    </button>
  </li>`;
}

interface RunRowProps {
  readonly row: TreeRow & { readonly kind: 'run' };
  readonly isStop: boolean;
  readonly isCurrent: boolean;
  readonly isTicked: boolean;
  tick(box: HTMLInputElement, id: string): void;
  reach(path: string): void;
}

/** One run. An unchanged one is not drawn again, which keeps a long list quick. */
function RunRow({ row, isStop, isCurrent, isTicked, tick, reach }: RunRowProps) {
  const { run, name, depth } = row;
  return useMemo(() => {
    const { id, state, changed, task, model, method, seed, test, metric, progress } = run;
    const at = progress && state !== 'finished' ? stageText(progress) : '';
    const tabindex = isStop ? 0 : -1;
    // What is cut off where there is no room is what most runs have alike.
    const facts = [task, method, seed === null ? '' : `seed ${seed}`, model].filter(Boolean).join(' · ');
    return html`<li class=${`row ${state} depth-${Math.min(depth, deepestIndent)}`}>
      <label class="tick">
        <input
          type="checkbox"
          aria-label=${`Compare ${id}`}
          tabindex=${tabindex}
          checked=${isTicked}
          onChange=${(event: Event) => tick(event.target as HTMLInputElement, id)}
        />
      </label>
      <a data-stop href=${runLink(id)} title=${id} tabindex=${tabindex} aria-current=${isCurrent ? 'page' : undefined}
        onFocus=${() => reach(id)}>
        <span class="unseen">${id}</span>
        <span class="line">
          <span class="name" aria-hidden="true">${cutMiddle(name, longestName)}</span>
          <span class="value">${test === undefined ? '' : score(test)}<small>${
            test === undefined ? '' : ` ${metric}`
          }</small></span>
        </span>
        <span class="line">
          <span class="facts" title=${facts}>${facts}</span>
          <span class="state"
            ><span class=${state === 'finished' ? 'unseen' : ''}>${[state, at].filter(Boolean).join(' ')}</span>${' '}
            <time>${state === 'finished' ? dateText(changed) : ''}</time></span
          >
        </span>
      </a>
    </li>`;
  }, [run, name, depth, isStop, isCurrent, isTicked]);
}
