import { curveColours, darkCurveColours } from './pictures/curve-svg.ts';
import { levelColours } from './pictures/palette.ts';
import { escapeMarkup } from './pictures/svg.ts';

/**
 * A page as one file that needs no other file and no network; its panels can be saved.
 * @param content markup, every text from outside escaped
 * @param scripts what comes before the code that saves: elements and statements, as they stand in the file
 */
export function htmlDocument(
  title: string,
  content: readonly string[],
  scripts: { readonly data?: string; readonly code?: string } = {},
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}
main { max-width: 75rem; margin: 0 auto; padding: 1.5rem 1rem; }</style>
</head>
<body>
<main>
${content.join('\n')}
</main>
${scripts.data ?? ''}
<script>
${offerDownloads}
${scripts.code ?? ''}
offerDownloads(document);
</script>
</body>
</html>
`;
}

/**
 * Makes the buttons of `panel` save what their part shows: its picture as SVG, its table as CSV (RFC 4180). Reports
 * carry the text of this very function, so that it must need nothing beside itself.
 */
export function offerDownloads(page: Document): void {
  function save(name: string, type: string, content: string) {
    const link = page.createElement('a');
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function csv(table: HTMLTableElement): string {
    const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const rows = [...table.rows].map(row => [...row.cells].map(cell => quote(cell.textContent ?? '')).join(','));
    return `${rows.join('\r\n')}\r\n`;
  }

  function svg(picture: SVGSVGElement): string {
    const copy = picture.cloneNode(true) as SVGSVGElement;
    copy.querySelector('.cursor')?.remove();
    return new XMLSerializer().serializeToString(copy);
  }

  page.addEventListener('click', event => {
    const button = (event.target as Element).closest<HTMLButtonElement>('button[data-save]');
    const part = button?.closest<HTMLElement>('[data-name]');
    if (!button || !part) return;
    const name = `${page.title} ${part.dataset.name}`.replaceAll(/[^\w.-]+/g, '-').toLowerCase();
    const own = <E extends Element>(selector: string) =>
      [...part.querySelectorAll<E>(selector)].find(found => found.closest('[data-name]') === part);
    const [table, picture] = [own<HTMLTableElement>('.scroll table'), own<SVGSVGElement>('svg[role="img"]')];
    if (button.dataset.save === 'csv' && table) save(`${name}.csv`, 'text/csv;charset=utf-8', csv(table));
    if (button.dataset.save === 'svg' && picture) save(`${name}.svg`, 'image/svg+xml', svg(picture));
  });
}

const ofSeries = (colours: readonly string[]) => colours.map((colour, hue) => `--series-${hue}: ${colour};`).join(' ');

/**
 * Colours for light and dark surroundings. Text reaches 4.5:1 on its ground, curves 3:1, and nothing is told by hue
 * alone.
 */
const light = `--ground: #f6f7f9; --panel: #fff; --ink: #1d232b; --muted: #57606a; --line: #d5dbe2;
  --accent: #1a5fb4; --accent-ground: #e4eefb;
  --kept: #d95f02; --good: #1a7f4b; --code: #eef1f4; ${ofSeries(curveColours)} color-scheme: light;`;
const dark = `--ground: #0e1218; --panel: #171c24; --ink: #e6eaf0; --muted: #9aa5b3; --line: #2f3742;
  --accent: #7db3f5; --accent-ground: #1c2c42;
  --kept: #ff8c3b; --good: #5fd197; --code: #202731; ${ofSeries(darkCurveColours)} color-scheme: dark;`;

/** In the dark a larger p is lighter, so that what matters stands out from the ground. */
const darkScale = levelColours.toReversed().map((colour, level) => `.level-${level} { fill: ${colour}; }`);

function whereDark(rules: string, selector: string): string {
  return `@media (prefers-color-scheme: dark) { ${selector}:not([data-theme="light"]) { ${rules} } }
${selector}[data-theme="dark"] { ${rules} }`;
}

/** Lines have no filling, and points no outline. */
const seriesRules = curveColours.map(
  (_, hue) =>
    `svg .series-${hue} { stroke: var(--series-${hue}); } svg circle.series-${hue} { fill: ` +
    `var(--series-${hue}); stroke: none; }`,
);

/** The looks of tables and pictures, in reports and on the served page. */
export const style = `
:root { ${light} }
${whereDark(dark, ':root')}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: .85em; }
pre { background: var(--code); padding: 1rem; overflow: auto; border-radius: 8px; margin: .75rem 0 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.muted { color: var(--muted); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.1rem;
  margin: 0 0 1rem;
  min-width: 0; container-type: inline-size; }
.panel > header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center;
  justify-content: space-between; margin-bottom: .75rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.6rem, 1fr)); gap: .75rem; margin: 1rem 0;
  padding: 0; }
.tiles > div { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: .6rem .9rem; }
.tiles dt { color: var(--muted); font-size: .82rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tiles dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--muted); }
.verdict { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .35rem 1.2rem; margin: 0; }
code.command { user-select: all; } .command span { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
.verdict dt { color: var(--muted); } .verdict dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .verdict { grid-template-columns: minmax(0, 1fr); } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .75rem; border-bottom: 1px solid var(--line); text-align: left; }
th.number, td.number { text-align: right; white-space: nowrap; }
th { font-size: .82rem; color: var(--muted); font-weight: 600; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
button { font: inherit; font-size: .82rem; color: var(--ink); background: var(--panel);
  border: 1px solid var(--line); border-radius: 7px;
  padding: .2rem .65rem; cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
.buttons { display: flex; gap: .4rem; margin-left: auto; }
svg text { fill: var(--ink); } svg .ground { fill: var(--panel); } svg .grid { stroke: var(--line); }
${seriesRules.join('\n')}
svg .kept { stroke: var(--kept); } svg .cursor { fill: none; stroke: var(--ink); stroke-width: 2; }
${whereDark(darkScale.join(' '), ':root')}
.heat-map .map { overflow-x: auto; } .heat-map svg { display: block; }
.heat-map .detail { min-height: 3em; margin: .5rem 0 0; padding: .5rem .75rem; background: var(--code);
  border-radius: 8px; }
.heat-map .detail code { color: var(--muted); overflow-wrap: anywhere; }
.heat-map .detail span { margin-right: 1.1rem; color: var(--muted); } .detail b { color: var(--ink);
  font-variant-numeric: tabular-nums; }
.moments { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; margin-bottom: .75rem; }
  .moments[hidden] { display: none; }
.moments .play { min-width: 4.2rem; }
.moments label { display: flex; gap: .6rem; align-items: center; flex: 1 1 16rem; white-space: nowrap; }
.moments input { flex: 1; min-width: 6rem; accent-color: var(--kept); }
.moments output { font-variant-numeric: tabular-nums; flex: 1 1 100%; }
.heat-map { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: start; }
.heat-map .moments { flex: 1 1 100%; } .heat-map .map { flex: 0 1 auto; max-width: 100%; min-width: 0; }
  .heat-map .beside { flex: 1 1 19rem; min-width: 0; container-type: inline-size; }
@container (min-width: 30rem) { .few svg { zoom: 1.45; } }
@container (max-width: 40rem) { .beside .detail { min-height: 10.5rem; align-content: start; }
  .beside .detail strong, .beside .detail code, .beside .detail span { display: block; margin: 0; } }
.heat-map .panel { border: 0; padding: 0; margin: 1rem 0 0; }
.heat-map .panel th, .heat-map .panel td { padding-left: 0; }
.neither { fill: var(--code); } svg .filled-0 { fill: var(--series-0); } svg .filled-1 { fill: var(--series-1); }
svg .baseline { stroke: var(--muted); } svg circle.seed { stroke: none; } .row-plot circle.seed { fill: var(--muted);
  } .row-plot { display: block;
  min-width: 12.5rem; } td:has(.row-plot) + td:not(.number) { min-width: 9rem; }
details summary { cursor: pointer; font-size: .85rem; color: var(--muted); margin-top: .5rem; }
details .scroll { max-height: 24rem; overflow: auto; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem;
  margin-bottom: 1rem; } .curves .panel { margin: 0; }
.picture > svg { display: block; max-width: 100%; height: auto; } .picture .heading { display: none; }
.curves .picture > svg { width: 100%; }
@container (max-width: 40rem) { th, td { padding: .35rem .4rem; } th { white-space: normal; } }
@container (max-width: 30rem) { .row-plot { min-width: 0; width: 6rem; height: auto; }
  .picture > svg { max-width: none; } .curves .picture > svg { max-width: 100%; } }
@media print { .buttons, .moments { display: none; } body { background: #fff; } }
`;
