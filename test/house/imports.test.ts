import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The rooms of the house from the ground up: a file may import from its own folder and from those before it. */
const floors = [
  ...['core', 'files', 'graph', 'runtime', 'hub', 'metrics', 'data', 'tasks', 'deltas', 'structure', 'models'],
  ...['training', 'search', 'export', 'catalogue', 'config', 'library', 'machine', 'runs', 'plan', 'report', 'jobs'],
  ...['publish', 'trackers', 'experiments', 'serve', 'page', 'cli'],
];

/** Beside its own files a browser gets these folders alone. */
const browserFolders = ['page', 'report', 'core'];

type Sources = ReadonlyMap<string, string>;

const specifier = /(?:\bfrom |\bimport\()'(\.[^']+)'/g;

/** What each file imports, types included, by paths below `src`. */
function importsOf(sources: Sources): Map<string, string[]> {
  return new Map(
    [...sources].map(([name, text]) => [
      name,
      [...text.matchAll(specifier)].map(([, target]) => normalize(join(name, '..', target!))),
    ]),
  );
}

const folderOf = (path: string) => path.split('/')[0]!;

/** Imports that climb, or lead into a folder that the list does not have. `index.ts`, the way in, may import anything. */
function climbs(sources: Sources): string[] {
  return [...importsOf(sources)]
    .filter(([name]) => name.includes('/'))
    .flatMap(([name, targets]) =>
      targets
        .filter(target => {
          const [own, other] = [floors.indexOf(folderOf(name)), floors.indexOf(folderOf(target))];
          return own === -1 || other === -1 || other > own;
        })
        .map(target => `${name} -> ${target}`),
    );
}

/** Every chain of imports that comes back to its beginning, found once. */
function circles(sources: Sources): string[] {
  const imports = importsOf(sources);
  const done = new Set<string>();
  const found: string[] = [];
  function visit(name: string, path: readonly string[]): void {
    if (path.includes(name)) {
      found.push([...path.slice(path.indexOf(name)), name].join(' -> '));
      return;
    }
    if (done.has(name)) return;
    for (const target of imports.get(name) ?? []) visit(target, [...path, name]);
    done.add(name);
  }
  for (const name of imports.keys()) visit(name, []);
  return found;
}

const root = fileURLToPath(new URL('../../src', import.meta.url));
const sources: Sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => [name.replaceAll('\\', '/'), readFileSync(join(root, name), 'utf8')]),
);

test('a folder imports from itself and from those below it, types included', () => {
  assert.ok([...importsOf(sources).values()].flat().length > 1000);
  assert.deepEqual(climbs(sources), []);
});

test('no file imports itself through others, types included', () => {
  assert.deepEqual(circles(sources), []);
});

test('what a browser runs imports nothing of ours but what it is given', () => {
  const reached = new Set<string>();
  const imports = importsOf(sources);
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    const runs = sources.get(name)!.replace(/^(import|export) type [^;]*;$/gm, '');
    for (const target of importsOf(new Map([[name, runs]])).get(name)!) visit(target);
  };
  for (const name of imports.keys()) if (name.startsWith('page/')) visit(name);
  assert.deepEqual(
    [...reached].filter(name => !browserFolders.includes(folderOf(name))),
    [],
  );
});

test('no folder holds more than 25 files side by side, and no file of ours has over 400 lines', () => {
  const bySide = Map.groupBy(sources.keys(), name => name.split('/').slice(0, -1).join('/'));
  assert.deepEqual(
    [...bySide].filter(([, files]) => files.length > 25).map(([folder, files]) => `${folder}: ${files.length}`),
    [],
  );
  assert.deepEqual(
    [...sources].filter(([, text]) => text.split('\n').length > 401).map(([name]) => name),
    [],
  );
});

test('lines fit 120 columns, texts and styles included', () => {
  const long = [...sources].flatMap(([name, text]) =>
    text.split('\n').flatMap((line, i) => (line.length > 120 ? [`${name}:${i + 1}`] : [])),
  );
  assert.deepEqual(long, []);
});

test('no two files of the sources have one name', () => {
  const byName = Map.groupBy(sources.keys(), name => name.split('/').at(-1)!);
  assert.deepEqual(
    [...byName.values()].filter(files => files.length > 1),
    [],
  );
});

test('a planted violation is found: a value or a type from above, and a circle of types', () => {
  const clean = new Map([
    ['core/words.ts', 'export type Word = string;'],
    ['graph/nodes.ts', "import type { Word } from '../core/words.ts';\nexport type Node = Word;"],
  ]);
  assert.deepEqual([climbs(clean), circles(clean)], [[], []]);
  const plant = (name: string, text: string) => new Map([...clean, [name, text]]);
  const value = plant('core/bad.ts', "import { node } from '../graph/nodes.ts';");
  assert.deepEqual(climbs(value), ['core/bad.ts -> graph/nodes.ts']);
  const type = plant('core/bad.ts', "export type { Node } from '../graph/nodes.ts';");
  assert.deepEqual(climbs(type), ['core/bad.ts -> graph/nodes.ts']);
  const dynamic = plant('core/bad.ts', "type Node = import('../graph/nodes.ts').Node;");
  assert.deepEqual(climbs(dynamic), ['core/bad.ts -> graph/nodes.ts']);
  const unknown = plant('attic/old.ts', "import type { Word } from '../core/words.ts';");
  assert.deepEqual(climbs(unknown), ['attic/old.ts -> core/words.ts']);
  const circle = plant('core/words.ts', "import type { Node } from '../graph/nodes.ts';");
  assert.deepEqual(circles(circle), ['core/words.ts -> graph/nodes.ts -> core/words.ts']);
});
