#!/usr/bin/env node
// Starts the command line: the built one where there is a build, else the sources (in a clone of the repository).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist', 'cli', 'main.js');
const source = join(root, 'src', 'cli', 'main.ts');

if (existsSync(built)) {
  await import(pathToFileURL(built).href);
} else {
  const { findNode } = await import('../tools/find-node.mjs');
  const node = findNode(root);
  if (node === undefined) {
    console.error(`error: s3delta needs Node 22.18 or newer, this is ${process.version}`);
    console.error('→ install Node 22 or newer from nodejs.org, or run `npm install` here, which brings one');
    process.exit(1);
  }
  if (node === process.execPath) {
    await import(pathToFileURL(source).href);
  } else {
    const child = spawn(node, [source, ...process.argv.slice(2)], { stdio: 'inherit' });
    // Ctrl-C reaches the child by itself; this process waits for it to save its state.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('exit', code => process.exit(code ?? 130));
  }
}
