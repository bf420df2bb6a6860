import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { style } from '../report/html-document.ts';

/** Sources here in a clone of the repository, compiled in a package: the page's modules are what this file is. */
const extension = extname(import.meta.url);

/** What the page's modules import by name, and the files that browsers get for it. */
const packages: Readonly<Record<string, string>> = {
  preact: import.meta.resolve('preact'),
  'preact/hooks': import.meta.resolve('preact/hooks'),
  htm: new URL('htm.module.js', import.meta.resolve('htm')).href,
  'htm/preact': new URL('index.module.js', import.meta.resolve('htm/preact')).href,
  uplot: new URL('uPlot.esm.js', import.meta.resolve('uplot')).href,
};

const importMap = JSON.stringify({
  imports: Object.fromEntries(Object.keys(packages).map(name => [name, `/packages/${name}`])),
});

/** The page may run its own modules and nothing else, and is shown inside no other page. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(importMap).digest('base64')}'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" ' +
    'fill="#225ea8"/><rect x="4" y="4" width="8" height="8" fill="#7fcdbb" stroke="#d95f02" stroke-width="2"/></svg>',
)}`;

const start = `page/start${extension}`;

/** The page. All its scripts are asked for at once: else each would wait for the one that imports it. */
export function pageHtml(scripts: Scripts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>s3delta</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/uplot.css">
<link rel="stylesheet" href="/style.css">
<script type="importmap">${importMap}</script>
${[...scripts.keys()].map(path => `<link rel="modulepreload" href="${path}">`).join('\n')}
<script type="module" src="/modules/${start}"></script>
</head>
<body><div id="page"></div>
<noscript>This page needs JavaScript; \`s3delta report\` writes one that does not.</noscript></body>
</html>
`;
}

export function styleSheet(): string {
  return style + pageStyle;
}

export function plotStyleSheet(): string {
  return readFileSync(fileURLToPath(new URL('uPlot.min.css', import.meta.resolve('uplot'))), 'utf8');
}

/** The page's scripts as browsers run them, by path. */
type Scripts = ReadonlyMap<string, string>;

const imports = /^(?:import|export)\b[^;'"]*?from\s*["'](\.[^"']+)["']/gm;

/** All that the page runs: its own modules, those it shares with the reports, and packages. Nothing else is served. */
export function readScripts(): Scripts {
  const scripts = new Map(
    Object.entries(packages).map(([name, url]) => [`/packages/${name}`, readFileSync(fileURLToPath(url), 'utf8')]),
  );
  function add(name: string): void {
    if (scripts.has(`/modules/${name}`)) return;
    const source = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
    const module = extension === '.ts' ? stripTypeScriptTypes(source) : source;
    scripts.set(`/modules/${name}`, module);
    for (const [, target] of module.matchAll(imports)) add(posix.join(posix.dirname(name), target!));
  }
  add(start);
  return scripts;
}

/** The looks of the served page beside those it shares with reports. */
const pageStyle = `
.shell { display: grid; grid-template: auto 1fr / clamp(18rem, 26vw, 23rem) 1fr; height: 100vh; height: 100dvh; }
.top { grid-column: 1 / -1; display: flex; align-items: center; gap: 1rem; padding: .55rem 1rem;
  background: var(--panel);
  border-bottom: 1px solid var(--line); }
.top .home { font-weight: 700; font-size: 1.05rem; color: var(--ink); text-decoration: none; margin-right: auto; }
.connection { font-size: .82rem; color: var(--muted); } .connection::before { content: '●'; color: var(--good);
  margin-right: .35rem; }
.list { display: flex; flex-direction: column; min-height: 0; border-right: 1px solid var(--line);
  background: var(--panel); }
.controls { display: flex; gap: .5rem; padding: .75rem .75rem .25rem; }
.controls input, .controls select { font: inherit; font-size: .9rem; color: var(--ink); background: var(--ground);
  border: 1px solid var(--line);
  border-radius: 7px; padding: .3rem .6rem; min-width: 0; }
.controls input { flex: 1; } .controls select { max-width: 6.8rem; }
.controls ::placeholder { color: var(--muted); opacity: 1; }
.tally { margin: 0; padding: .25rem .85rem .5rem; font-size: .82rem; display: flex; flex-wrap: wrap;
  justify-content: space-between; min-height: 2.1rem; align-items: center; }
.connection.lost::before { content: '○'; color: var(--kept); }
.tally .compare { font-weight: 600; } .tally strong { color: var(--kept); flex-basis: 100%; }
.list ul { list-style: none; margin: 0; padding: 0; overflow-y: auto; flex: 1; border-top: 1px solid var(--line); }
.folder, .row { scroll-margin: 2rem; } .depth-1 { padding-left: .8rem; } .depth-2 { padding-left: 1.6rem; }
  .depth-3 { padding-left: 2.4rem; }
.folder { border-bottom: 1px solid var(--line); background: var(--ground); }
.folder button { width: 100%; border: 0; border-radius: 0; background: none; text-align: left; padding: .4rem .85rem;
  font-weight: 600; display: flex; align-items: baseline; gap: .5rem; }
.folder button::before { content: '▸' / ''; } .folder button[aria-expanded="true"]::before { content: '▾' / ''; }
.folder small { margin-left: auto; color: var(--muted); font-weight: 400; white-space: nowrap; }
  .folder .name { overflow-wrap: anywhere; }
.nothing { padding: .75rem .85rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: .5rem; top: .4rem; z-index: 2;
  background: var(--panel); padding: .35rem .75rem; border-radius: 7px; }
main:focus { outline: none; }
th .sort { border: 0; background: none; padding: 0; font: inherit; color: inherit; } td small { color: var(--muted);
  } td time, td a { white-space: nowrap; }
@container (max-width: 40rem) { td a { display: block; min-width: 9rem; white-space: normal; overflow-wrap: anywhere;
  } }
.stages { display: flex; flex-wrap: wrap; gap: .25rem .6rem; list-style: none; margin: 0; padding: 0;
  color: var(--muted); }
.stages li + li::before { content: '▸'; margin-right: .6rem; } .stages .done::after { content: ' ✓';
  color: var(--good); }
.stages [aria-current] { color: var(--ink); font-weight: 650; }
.row { position: relative; display: flex; align-items: center; border-bottom: 1px solid var(--line);
  content-visibility: auto; contain-intrinsic-size: auto 3.7rem; }
.row .tick { flex: none; display: grid; place-items: center; width: 2.4rem; align-self: stretch; cursor: pointer; }
.row .tick input { margin: 0; width: 1.15rem; height: 1.15rem; accent-color: var(--accent); }
.row a { flex: 1; min-width: 0; padding: .45rem .85rem .5rem .1rem; color: inherit; text-decoration: none; }
.row .line { display: flex; justify-content: space-between; align-items: baseline; gap: .75rem; }
.row .line > :first-child { min-width: 0; } .row .line > :last-child { flex: none; }
.row a:hover { background: var(--code); } .row a:focus-visible { outline-offset: -2px; }
.row:has(a[aria-current]) { background: var(--accent-ground); box-shadow: inset 3px 0 var(--accent); }
.row .name { font-weight: 600; font-size: .92rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.row .value { font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .row small { font-weight: 400; color: var(--muted); }
.row .facts { font-size: .8rem; color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.state { font-size: .8rem; color: var(--muted); white-space: nowrap; }
  .state time { font-weight: 400; color: var(--muted); }
.state::before { margin-right: .35rem; } .row.running .state, .state.running { color: var(--accent); font-weight: 600; }
.row.finished .state::before, .state.finished::before { content: '✓'; color: var(--good); }
.row.running .state::before, .state.running::before { content: '▶'; font-size: .8em; }
.row.stopped .state::before, .state.stopped::before { content: '❙❙'; font-size: .7em; }
:is(.row.damaged .state, .row.failed .state, .row.killed .state, .state.damaged, .state.failed,
  .state.killed)::before { content: '⚠'; color: var(--kept); }
main { overflow-y: auto; padding: 1.25rem 1.5rem; min-width: 0; } main > article { max-width: 76rem; margin: 0 auto; }
.back { display: none; margin-bottom: .5rem; }
.ended p { margin: 0; overflow-wrap: anywhere; } .problem, .ended { border-color: var(--kept); }
.progress { display: grid; gap: .35rem; } .progress p { margin: 0; } p > .state { margin-right: .5rem; }
  .progress progress { width: 100%; accent-color: var(--accent); }
article > h1 + .panel, article > h1 + div { margin-top: .75rem; }
.difference .sides { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin-bottom: .5rem; }
.difference select { font: inherit; font-size: .9rem; max-width: 16rem; color: var(--ink); background: var(--panel);
  border: 1px solid var(--line); border-radius: 7px; padding: .3rem .6rem; }
.structures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.structures > section { min-width: 0; } .structures h2 { margin-bottom: .5rem; overflow-wrap: anywhere; }
.plot { min-height: 220px; } .uplot { font-family: inherit; } .u-legend { font-size: .8rem; color: var(--muted); }
  .u-legend th { font-weight: 600; }
.u-legend td, .u-legend th { border: 0; padding: .1rem .3rem; }
.u-legend .u-marker { display: none; }
@media (max-width: 56rem) {
  .shell { grid-template: auto auto 1fr / minmax(0, 1fr); height: auto; min-height: 100dvh; }
  .list { border-right: 0; min-height: 0; } .list ul { max-height: 60dvh; flex: none; }
  .shell:not([data-view="overview"]) .list { display: none; }
  .back { display: inline-block; }
  main { padding: 1rem .75rem; overflow-y: visible; }
}
`;
