#!/usr/bin/env node
// Starts the command line: the built one where there is a build, else the sources (in a clone of the repository).
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureRuntime } from './ensure-runtime.mjs';
import { addressSpace, handOver, isNewEnough } from './start-node.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist', 'cli', 'main.js');
const main = existsSync(built) ? built : join(root, 'src', 'cli', 'main.ts');

if (isNewEnough(process.version)) {
  await ensureRuntime(root);
  // Where its reservations may be refused it runs as a child: whom native code ends cannot say why.
  if (addressSpace() === undefined) await import(pathToFileURL(main).href);
  else process.exit(await handOver(process.execPath, [main, ...process.argv.slice(2)]));
} else {
  const node = await installedNode();
  if (node === undefined) {
    console.error(`error: s3delta needs Node 22.18 or newer, this is ${process.version}`);
    console.error('→ install Node 22 or newer from nodejs.org; in a clone, `npm install` brings one');
    process.exit(1);
  }
  process.exit(await handOver(node, [main, ...process.argv.slice(2)]));
}

/** In a clone, a newer Node may be among the development dependencies. */
async function installedNode() {
  if (!existsSync(join(root, 'tools', 'find-node.mjs'))) return undefined;
  const { findNode } = await import('../tools/find-node.mjs');
  return findNode(root);
}
