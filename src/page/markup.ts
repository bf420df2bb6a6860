import { html } from 'htm/preact';
import type { Markup } from '../report/pictures/svg.ts';

/** Parts that reports have too, drawn by the same code; it has escaped every text in them. */
export function Drawn({ markup }: { markup: Markup }) {
  return html`<div dangerouslySetInnerHTML=${{ __html: markup }}></div>`;
}

/** A path that may be broken after its slashes where there is no room. */
export function breakable(path: string) {
  return path.split('/').map((name, index) => (index === 0 ? name : html`/<wbr />${name}`));
}
