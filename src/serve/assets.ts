import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { style } from '../report/style.ts';
import { pageStyle } from './page-style.ts';

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
