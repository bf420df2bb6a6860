import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
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

export const pageHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>s3delta</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/uplot.css">
<link rel="stylesheet" href="/style.css">
<script type="importmap">${importMap}</script>
<script type="module" src="/modules/page/start${extension}"></script>
</head>
<body><div id="page"></div>
<noscript>This page needs JavaScript; \`s3delta report\` writes one that does not.</noscript></body>
</html>
`;

export function styleSheet(): string {
  return style + pageStyle;
}

export function plotStyleSheet(): string {
  return readFileSync(fileURLToPath(new URL('uPlot.min.css', import.meta.resolve('uplot'))), 'utf8');
}

/** A module of the page, or one it shares with the reports, as browsers run it; undefined where there is none. */
export function pageModule(name: string): string | undefined {
  if (!/^(page|report|core)\/([a-z]+\/)?[a-z-]+\.(ts|js)$/.test(name) || extname(name) !== extension) return undefined;
  try {
    const source = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
    return extension === '.ts' ? stripTypeScriptTypes(source) : source;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function packageModule(name: string): string | undefined {
  const url = Object.hasOwn(packages, name) ? packages[name] : undefined;
  return url === undefined ? undefined : readFileSync(fileURLToPath(url), 'utf8');
}
