import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });

test('every file and folder that the architecture names exists', () => {
  const named = [...text.matchAll(/`([\w-]+(?:\/[\w-]+)*(?:\.ts|\/))`/g)].map(([, path]) => path!);
  assert.ok(named.length > 40, `${named.length} names`);
  // A file may be named without its folder; names are unique among the sources.
  const known = new Set(sources.map(path => basename(path)));
  const missing = named.filter(
    path => !existsSync(join(root, 'src', path)) && !existsSync(join(root, path)) && !known.has(path),
  );
  assert.deepEqual(missing, []);
});

test('every folder of the sources is told of', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  assert.deepEqual(
    folders.map(({ name }) => name).filter(name => !text.includes(`\`${name}/\``)),
    [],
  );
});
