import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { builtInModelNames } from '../../src/models/built-in.ts';

/** Where the names of each list may be written: its own folder, and those that are made of such. */
const homes: Readonly<Record<string, { readonly names: readonly string[]; readonly folders: readonly string[] }>> = {
  delta: { names: Object.keys(builtIn.deltas), folders: ['deltas', 'structure'] },
  space: { names: Object.keys(builtIn.spaces), folders: ['structure'] },
  method: { names: Object.keys(builtIn.methods), folders: ['structure'] },
  strategy: { names: builtIn.strategies.map(({ name }) => name), folders: ['search'] },
  task: { names: builtIn.tasks.map(({ name }) => name), folders: ['tasks'] },
  metric: { names: Object.keys(builtIn.metrics), folders: ['metrics', 'tasks'] },
  family: { names: Object.keys(builtIn.families), folders: ['models'] },
  exporter: { names: Object.keys(builtIn.exporters), folders: ['export'] },
  model: { names: builtInModelNames, folders: ['models'] },
};

/** Words that are something else there, with what they are. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // The preset of that name, whose model is its namesake.
  'config/presets.ts': ['mini'],
  // The stage that trains a random structure beside a search.
  'jobs/run-job.ts': ['random'],
  'jobs/tune-trials.ts': ['random'],
  'runs/metrics-log.ts': ['random'],
  'cli/progress/progress.ts': ['random'],
  // How T5 was taught to read them, which T5 alone knows.
  'models/t5/t5-codec.ts': ['stsb', 'superglue-copa', 'superglue-record'],
  // What is tried without a word of the user's.
  'cli/commands/tune-commands.ts': ['spam'],
  'cli/commands/init-commands.ts': ['spam'],
};

const root = fileURLToPath(new URL('../../src', import.meta.url));

/** Places that write a name in quotes, outside of where the list is. */
function strangers(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, text]) => {
    const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '').replace(/^(import|export) .* from '.*';$/gm, '');
    const quoted = new Set([...code.matchAll(/'([^'\n]+)'/g)].map(([, word]) => word!));
    const folder = file.split('/')[0]!;
    return Object.entries(homes).flatMap(([list, { names, folders }]) =>
      folders.includes(folder)
        ? []
        : names
            .filter(name => quoted.has(name) && !exceptions[file]?.includes(name) && !isHomeOfAnother(folder, name))
            .map(name => `${file}: the ${list} '${name}'`),
    );
  });
}

/** A name may be on several lists: `lora` is a delta, a space and a method. */
function isHomeOfAnother(folder: string, name: string): boolean {
  return Object.values(homes).some(({ names, folders }) => names.includes(name) && folders.includes(folder));
}

const sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]),
);

test('no name of a list is written outside of where the list is', () => {
  assert.deepEqual(strangers(sources), []);
});

test('one that is planted is found', () => {
  const planted = "if (settings.method === 'fine-tuning') rate = 3e-5;\n// 'lora' in a comment is none\n";
  assert.deepEqual(strangers(new Map([['config/resolve.ts', planted]])), [
    "config/resolve.ts: the delta 'fine-tuning'",
    "config/resolve.ts: the method 'fine-tuning'",
  ]);
});

test('every exception is one still', () => {
  for (const [file, names] of Object.entries(exceptions)) {
    for (const name of names) assert.ok(sources.get(file)!.includes(`'${name}'`), `${file}: ${name}`);
  }
});
