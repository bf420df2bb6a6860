import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readYamlKeys } from '../../src/config/config-file.ts';
import { parseExperimentSettings, parseTransferSettings } from '../../src/config/experiment-settings.ts';
import { parseSweepSettings } from '../../src/experiments/compare-methods.ts';
import { listCells } from '../../src/experiments/list-cells.ts';
import { sharedLoaders } from '../../src/experiments/shared-loaders.ts';
import { equations, tablesAndFigures } from '../../tools/paper/items.ts';
import { paperPage } from '../../tools/paper/page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const examples = join(root, 'examples', 'paper');
const files = readdirSync(examples).sort();

function settingsOf(name: string, command: 'compare' | 'transfer') {
  const values = readYamlKeys(join(examples, `${name}.yaml`));
  return { compare: parseExperimentSettings, transfer: parseTransferSettings }[command](values, () => name);
}

test('the page names every equation of the appendix, and the line that each symbol stands on', () => {
  const page = paperPage(root);
  const numbers = equations.flatMap(({ name }) => {
    const [first, last = first] = [...name.matchAll(/\d+/g)].map(([digits]) => Number(digits));
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
  assert.deepEqual(
    numbers,
    Array.from({ length: 17 }, (_, i) => 18 + i),
  );
  for (const [, file, line] of page.matchAll(/\[([\w/.-]+):(\d+)\]/g)) {
    const text = readFileSync(join(root, file!), 'utf8').split('\n')[Number(line) - 1]!;
    const symbols = [...equations, ...tablesAndFigures]
      .flatMap(item => item.places)
      .filter(place => place.file === file);
    assert.ok(
      symbols.some(({ symbol }) => text.includes(symbol)),
      `${file}:${line}`,
    );
  }
});

test('docs/paper.md is what tools/paper/main.ts makes of the sources and the results kept', () => {
  const kept = readFileSync(join(root, 'docs', 'paper.md'), 'utf8');
  assert.ok(kept === paperPage(root), 'run: node tools/paper/main.ts');
});

test('every table and figure has a file of its own, in two sizes, and there is no other', () => {
  const named = tablesAndFigures.flatMap(({ example }) => (example ? [`${example}.yaml`, `${example}-mini.yaml`] : []));
  assert.deepEqual(named.toSorted(), files);
});

test('the example of a sweep can be run as it is', async () => {
  const { processes, ...matrix } = parseSweepSettings(readYamlKeys(join(root, 'examples', 'sweep.yaml')), key => key);
  const { phases } = await listCells(matrix, matrix.out!, sharedLoaders());
  assert.equal(processes, 2);
  assert.equal(phases.flat().length, 2 * 3 * (2 + 2 + 1));
});

test('what a page tells the user to run can be read, and the small ones can be run as they are', async () => {
  const loaders = sharedLoaders();
  for (const { example, command } of tablesAndFigures) {
    if (example === undefined || command === undefined) continue;
    const large = settingsOf(example, command);
    assert.equal(large.preset ?? large['max-steps'], undefined, `${example}: the paper's own sizes`);
    const small = settingsOf(`${example}-mini`, command);
    assert.equal(small.model, 'mini');
    if (command === 'compare') {
      const { phases } = await listCells(small, small.out!, loaders);
      assert.ok(phases.flat().length > 0 && phases.flat().length <= 36, example);
    }
  }
});
