import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { plural, score } from '../core/format.ts';
import { dateText } from '../report/labels.ts';
import { runLink } from './route.ts';
import { stageText } from './run-progress.ts';
import { cutMiddle, type TreeRow } from './run-tree.ts';

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

export function FolderRow({ row: { path, name, depth, runs }, isOpen, isStop, toggle, reach }: FolderRowProps) {
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
export function RunRow({ row, isStop, isCurrent, isTicked, tick, reach }: RunRowProps) {
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
