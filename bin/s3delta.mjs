#!/usr/bin/env node
// Starts the command line: the sources where they are (in a clone of the repository), else what a package has built of
// them. A build that lies in a clone may be of an earlier commit.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { addressSpace, handOver, isNewEnough } from './start-node.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const isBuilt = !existsSync(join(root, 'src', 'cli', 'main.ts'));
const cli = join(root, isBuilt ? 'dist' : 'src', 'cli');
const [main, atOnce] = ['main', 'reference/at-once'].map(name => join(cli, `${name}.${isBuilt ? 'js' : 'ts'}`));
const args = process.argv.slice(2);

if (isNewEnough(process.version)) {
  // Node keeps what it has compiled, for the next start.
  module.enableCompileCache();
  const { answeredAtOnce } = await import(pathToFileURL(atOnce).href);
  if (!(await answeredAtOnce(args))) {
    const { ensureRuntime } = await import('./ensure-runtime.mjs');
    await ensureRuntime(root);
    // Where its reservations may be refused it runs as a child: whom native code ends cannot say why.
    if (addressSpace() === undefined) await import(pathToFileURL(main).href);
    else process.exit(await handOver(process.execPath, [main, ...args]));
  }
} else {
  const node = await installedNode();
  if (node === undefined) {
    console.error(`error: s3delta needs Node 22.18 or newer, this is ${process.version}`);
    console.error('→ install Node 22 or newer from nodejs.org; in a clone, `npm install` brings one');
    process.exit(1);
  }
  process.exit(await handOver(node, [main, ...args]));
}

/** In a clone, a newer Node may be among the development dependencies. */
async function installedNode() {
  if (!existsSync(join(root, 'tools', 'find-node.mjs'))) return undefined;
  const { findNode } = await import('../tools/find-node.mjs');
  return findNode(root);
}
