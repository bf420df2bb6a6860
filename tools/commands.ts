// Writes what a build notes of its commands into dist/: what help is answered from, and the page of the manual.
// Part of `npm run build`:  node tools/commands.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { described } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/commands.ts';
import { manualPage } from '../src/cli/reference/manual.ts';
import { packageVersion } from '../src/library/provenance.ts';

/** Text of each file, by its path in a build. */
export function commandFiles(): Record<string, string> {
  const reference = described(commands);
  return {
    'cli/reference/commands.json': JSON.stringify(reference),
    'man/s3delta.1': manualPage(reference, packageVersion()),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(commandFiles())) {
    const file = fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
