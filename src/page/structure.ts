import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Explorer, explore } from '../report/explore.ts';
import { explorationOf } from '../report/heat-map-figure.ts';
import type { RunView } from '../report/run-view.ts';
import { structurePanel } from '../report/sections.ts';

interface StructureProps {
  readonly view: RunView;
  readonly name: string;
  /** The p at the end of the scale, where several maps share one. */
  readonly maximum?: number;
}

/** The heat map to explore. It is drawn once for a set of modules; as a search goes on, only its numbers change. */
export function Structure({ view, name, maximum }: StructureProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ layout: string; explorer: Explorer }>(undefined);
  useEffect(() => {
    const own = explorationOf(view.modules, view.moments);
    const exploration = { ...own, maximum: maximum ?? own.maximum };
    const isFound = view.modules.some(({ worth }) => worth !== undefined);
    const layout = JSON.stringify([name, isFound, view.modules.map(({ site, kind }) => [site, kind])]);
    if (drawn.current?.layout === layout) {
      drawn.current.explorer.update(exploration);
    } else {
      place.current!.innerHTML = structurePanel(view, exploration.maximum);
      drawn.current = { layout, explorer: explore(place.current!.querySelector('.heat-map')!, exploration) };
    }
  }, [view, name, maximum]);
  return html`<div ref=${place}></div>`;
}
