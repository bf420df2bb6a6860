import { html } from 'htm/preact';
import type { Markup } from '../report/pictures/svg.ts';

/** Parts that reports have too, drawn by the same code; it has escaped every text in them. */
export function Drawn({ markup }: { markup: Markup }) {
  return html`<div dangerouslySetInnerHTML=${{ __html: markup }}></div>`;
}
