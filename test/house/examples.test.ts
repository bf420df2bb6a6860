import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as engine from '../../src/engine.ts';
import * as library from '../../src/index.ts';
import * as research from '../../src/research.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documentation = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
const examples = ['library-user', 'library-stream', 'library-researcher'];

/** Runs an example as its readers do; the condition stands for a build, which a clone does not have. */
async function run(name: string, ...args: readonly string[]): Promise<string[]> {
  const file = `examples/${name}.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=s3delta-source', file, ...args], {
    cwd: root,
  });
  return stdout.trimEnd().split('\n');
}

function numberIn(line: string | undefined, pattern: RegExp): number {
  const match = pattern.exec(line ?? '');
  assert.ok(match, `${pattern} in ${line}`);
  return Number(match[1]);
}

test('the code in the documentation is that of the examples', () => {
  const blocks = [...documentation.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  const files = examples.map(name => readFileSync(new URL(`../../examples/${name}.ts`, import.meta.url), 'utf8'));
  assert.deepEqual(blocks, files);
});

test('the code beside an exported model is that of its example, which answers as the library does', async () => {
  const exporting = readFileSync(new URL('../../docs/exporting.md', import.meta.url), 'utf8');
  const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(exporting)!;
  assert.equal(code, readFileSync(new URL('../../examples/ask-onnx.ts', import.meta.url), 'utf8'));

  const model = await library.loadModel('mini');
  const task = await library.loadTask(`${root}/examples/my-task/task.yaml`);
  const structure = library.manualStructure(model, 'bitfit');
  const layout = research.layoutOf(research.keptModules(structure, model));
  const delta = research.fillNormal(new Float32Array(layout.size), 1, 'test/exported').map(value => 0.2 * value);
  const out = join(mkdtempSync(join(tmpdir(), 's3delta-exported-')), 'onnx');
  await library.exportModel(model, { structure, delta }, { format: 'onnx', out, task });
  const [line] = await run('ask-onnx', out, 'guestbook meal: dinner remark: cold soup');
  const row = { file: 'a guest', line: 1, fields: { meal: 'dinner', remark: 'cold soup' } };
  const asked = library.segmentsOf(task, row);
  const [expected] = await library.predict(model, { structure, delta }, [asked], { task });
  assert.equal(line, `${expected!.label} ${(100 * expected!.probability!).toFixed(1)} %`);
});

test('every function the documentation names is exported, or a member of a program', () => {
  const prose = documentation.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const members = [
    'lossAndGradients',
    'loss',
    'logits',
    'choose',
    'generate',
    'initialDelta',
    'release',
    'model',
    'close',
  ];
  const called = [...prose.matchAll(/`([a-zA-Z]+)\(/g)].map(([, name]) => name!);
  const listed = [...prose.matchAll(/^- [a-z ]+: ([\s\S]*?)(?=\n- |\n\n)/gm)]
    .flatMap(([, list]) => [...list!.matchAll(/`([a-zA-Z]+)`/g)])
    .map(([, name]) => name!);
  const names = [...called, ...listed];
  assert.ok(names.length > 50, `${names.length} names`);
  assert.deepEqual(
    names.filter(name => ![library, research, engine].some(door => name in door) && !members.includes(name)),
    [],
  );
});

test('the users example searches within its budget, tunes, evaluates and predicts', async () => {
  const lines = await run('library-user');
  const kept = lines.filter(line => line.startsWith('kept: '));
  const spent = kept.reduce((sum, line) => sum + numberIn(line, /, (\d+) parameters$/), 0);
  assert.ok(kept.length > 0 && spent <= 5000, `${spent} parameters`);
  const steps = lines.filter(line => line.startsWith('search, step ')).map(line => numberIn(line, /step (\d+) of \d+/));
  assert.ok(steps.length > 3 && steps.every((step, i) => step === 10 * (i + 1)), `${steps}`);
  const task = await library.loadTask(`${root}/examples/my-task/task.yaml`);
  const { test } = await library.loadTaskData(task, { data: `${root}/examples/my-task`, seed: 1 });
  const line = /^test accuracy: ([\d.]+); always the commonest answer: ([\d.]+)$/;
  const right = (numberIn(lines.at(-2), line) * test.length) / 100;
  assert.ok(Math.abs(right - Math.round(right)) < 1e-9, `${right} of ${test.length} right answers`);
  const praises = test.filter(({ output }) => 'class' in output && output.class === 1).length;
  const commonest = Number(line.exec(lines.at(-2)!)![2]);
  assert.ok([praises, test.length - praises].some(count => Math.abs(commonest - (100 * count) / test.length) < 1e-9));
  assert.match(lines.at(-1)!, /^cold soup and a waiter .* -> (praise \(1\)|complaint \(0\)), probability (0\.[5-9]|1)/);
});

test('the stream example answers until it is left', async () => {
  const lines = await run('library-stream');
  assert.equal(lines.length, 5);
  const sure = lines.map(line => numberIn(line, /^(?:praise|complaint), ([\d.]+) % sure, in [\d.]+ ms$/));
  assert.equal(new Set(sure).size > 1, true, 'five remarks are not all the same to it');
  // The same seed teaches the same, and the answers come in the order of the rows.
  const again = await run('library-stream');
  const untimed = (line: string) => line.replace(/ in [\d.]+ ms$/, '');
  assert.deepEqual(again.map(untimed), lines.map(untimed));
});

test('the researchers example lowers its loss, stays within its budget and differentiates a graph', async () => {
  const lines = await run('library-researcher');
  const losses = lines.filter(line => line.startsWith('step ')).map(line => numberIn(line, /: loss ([\d.]+)/));
  assert.equal(losses.length, 4);
  assert.ok(losses.at(-1)! < losses[0]!, `${losses}`);
  const choice = lines.find(line => line.startsWith('kept '));
  assert.ok(numberIn(choice, /: (\d+) of/) <= numberIn(choice, /of (\d+) parameters/));
  // At w = 0 the derivative of gelu is a half, and the columns of x sum to 1 and 2.
  assert.equal(lines.at(-1), 'gradient of the sum: 0.5,1');
});
