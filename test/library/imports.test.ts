import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const statement = /^(?:import|export)(?! type)[^;]*? from '(\.[^']+)';/gm;

/** What each file needs when it runs; what it needs for its types alone is left out. */
const imports = new Map(
  readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => {
      const text = readFileSync(join(source, name), 'utf8');
      return [name, [...text.matchAll(statement)].map(([, target]) => normalize(join(name, '..', target!)))] as const;
    }),
);

/** A chain of imports that comes back to its beginning, or undefined. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  function visit(name: string, path: readonly string[]): string[] | undefined {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const target of imports.get(name)!) {
      const cycle = visit(target, [...path, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  }
  for (const name of imports.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Imports of a file below `folder` by a file that is below none of `allowed`. */
function intruders(folder: string, allowed: readonly string[]): string[] {
  return [...imports]
    .filter(([name]) => !allowed.some(each => name.startsWith(each)))
    .flatMap(([name, targets]) =>
      targets.filter(target => target.startsWith(folder)).map(target => `${name} -> ${target}`),
    );
}

test('no file imports itself through others', () => {
  assert.ok([...imports.values()].flat().length > 200);
  assert.equal(findCycle(), undefined);
});

test('what a browser runs imports nothing of ours but itself and the drawing of reports', () => {
  assert.deepEqual(intruders('page/', ['page/']), []);
  const foreign = [...imports]
    .filter(([name]) => name.startsWith('page/'))
    .flatMap(([, targets]) => targets.filter(target => !/^(page|report)\//.test(target)));
  assert.deepEqual(foreign, []);
});

test('the layers import downwards', () => {
  assert.deepEqual(intruders('cli/', ['cli/']), []);
  assert.deepEqual(intruders('serve/', ['serve/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('api/', ['api/', 'serve/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('export/', ['export/', 'api/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('search/', ['search/', 'api/', 'index.ts']), []);
  assert.deepEqual(intruders('models/', ['models/', 'export/', 'api/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('hub/', ['hub/', 'models/', 'tasks/', 'api/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('runs/', ['runs/', 'report/', 'api/', 'serve/', 'cli/', 'index.ts']), []);
  assert.deepEqual(intruders('graph/', ['graph/', 'runtime/', 'deltas/', 'models/', 'export/', 'index.ts']), []);
});
