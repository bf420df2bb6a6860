import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { argsOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { predict } from '../../src/library/predict.ts';
import { manualStructure } from '../../src/library/structures.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { layoutOf } from '../../src/research.ts';
import { keptModules } from '../../src/structure/structure-file.ts';
import { loadTask } from '../../src/tasks/tasks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(join(root, 'docs')).filter(name => /^coming-from-.*\.md$/.test(name));
const pageOf = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');

test('the example of transformers.js runs as it stands, and answers as the library does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-coming-from-'));
  const model = await loadModel('mini');
  const task = await loadTask(join(root, 'examples', 'my-task', 'task.yaml'));
  const structure = manualStructure(model, 'bitfit');
  const delta = new Float32Array(layoutOf(keptModules(structure, model)).size);
  await exportModel(model, { structure, delta }, { format: 'onnx', out: join(folder, 'guestbook'), task });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const [, code] = /^```js\n([\s\S]*?)^```$/m.exec(pageOf('coming-from-transformers-js.md'))!;
  writeFileSync(join(folder, 'ask.mjs'), code!);
  const printed = execFileSync(process.execPath, ['ask.mjs'], { cwd: folder, encoding: 'utf8' });
  const [, text] = /await write\('(.*?)'/.exec(code!)!;
  const [expected] = await predict(model, { structure, delta }, [text!], { maxTokens: 8, sentinel: false });
  assert.notEqual(expected!.answer, '');
  assert.equal(printed.trim(), `answer: ${expected!.answer}`);
});

test('every flag and command that the tables name is there', () => {
  const flags = new Set(Object.values(commands).flatMap(command => Object.keys(argsOf(command))));
  const page = pages.map(pageOf).join('\n');
  const named = [...page.matchAll(/`--([a-z-]+)/g)].map(([, flag]) => flag!);
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter(flag => !flags.has(flag)),
    [],
  );
  const called = [...page.matchAll(/`s3delta ([a-z-]+)/g)].map(([, command]) => command!);
  assert.deepEqual(
    called.filter(command => !Object.hasOwn(commands, command)),
    [],
  );
});

test('each program has a page with a table and an example, and is listed', () => {
  assert.ok(pages.length >= 4);
  for (const name of pages) {
    assert.match(pageOf(name), /^\| --- \| --- \|$/m, name);
    assert.match(pageOf(name), /^```sh$/m, name);
    assert.ok(pageOf('coming-from.md').includes(`(${name})`), name);
  }
});
