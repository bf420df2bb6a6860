import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { differenceMapSvg, keptByText, sharedModules } from '../report/pictures/difference-map-svg.ts';
import type { Markup } from '../report/pictures/svg.ts';
import type { RunView } from '../report/run-view.ts';
import { panel, tableMarkup } from '../report/sections.ts';
import { Drawn } from './markup.ts';

/** A run with the name that tells it from those beside it. */
export interface NamedView {
  readonly name: string;
  readonly view: RunView;
}

/** What two structures share and what they do not, in one map; of more than two, any two to choose. */
export function Difference({ views }: { views: readonly NamedView[] }) {
  const [chosen, setChosen] = useState<readonly [number, number]>([0, 1]);
  const [a, b] = chosen.map(index => views[Math.min(index, views.length - 1)]!) as [NamedView, NamedView];
  const modules = sharedModules(a.view.modules, b.view.modules);
  const kept = modules.filter(({ inA, inB }) => inA || inB);
  const table = {
    header: ['module', 'layer', 'parameters', 'kept by'],
    rows: kept.map(module => [
      ...[`${module.position} ${module.kind}`, module.layer],
      ...[String(module.parameters), keptByText(module)],
    ]),
  };
  const picture = differenceMapSvg(modules, `A: ${a.name}, B: ${b.name}`) as Markup;
  const choose = (side: 0 | 1) => (event: Event) => {
    const index = Number((event.target as HTMLSelectElement).value);
    setChosen(before => (side === 0 ? [index, before[1]] : [before[0], index]));
  };
  const select = (side: 0 | 1) => html`<label>
    ${'AB'[side]} ${' '}
    <select value=${chosen[side]} onChange=${choose(side)}>
      ${views.map(({ name }, index) => html`<option value=${index}>${name}</option>`)}
    </select>
  </label>`;
  return html`<section class="difference">
    ${views.length > 2 && html`<div class="sides">${select(0)} ${select(1)}</div>`}
    <${Drawn}
      markup=${panel(
        'Kept by A, by B, by both',
        ['svg', 'csv'],
        [
          ('<div class="scroll map" tabindex="0" role="group" aria-label="Map of two ' +
            `structures">${picture}</div>`) as Markup,
          ('<details><summary>The modules that either keeps, as a ' +
            `table</summary>${tableMarkup(table)}</details>`) as Markup,
        ],
      )}
    />
  </section>`;
}
