import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import type { RunResult } from '../../src/runs/result.ts';
import type { Structure } from '../../src/structure/structure-file.ts';
import { runCli, runCliUntil, tinyModel, workspace } from './support.ts';

// Structures that a user gives to `train`: of this model, of another, damaged.
const space = workspace();
const other = fileURLToPath(new URL('../fixtures/tiny-t5-v1_1', import.meta.url));
const file = (...path: string[]) => join(space.folder, ...path);
const common = ['--task', space.task, '--lr', '0.01', '--max-steps', '2'];
const train = (model: string, structure: string, out: string, ...more: string[]) =>
  runCli(['train', '--model', model, ...common, '--structure', structure, '--out', out, ...more], space.folder);

before(async () => {
  const args = ['search', '--model', tinyModel, ...common, '--order', 'first', '--budget', '500', '--no-retrain'];
  const { exitCode, stderr } = await runCli([...args, '--out', 'found'], space.folder);
  assert.equal(exitCode, 0, stderr);
});

function damaged(name: string, change: (structure: Structure) => object): string {
  const structure = JSON.parse(readFileSync(file('found', 'structure.json'), 'utf8')) as Structure;
  writeFileSync(file(name), JSON.stringify({ ...structure, ...change(structure) }));
  return name;
}

const keepFirst = (change: object) => (structure: Structure) => ({
  modules: structure.modules.map((module, i) => (i === 0 ? { ...module, kept: true, ...change } : module)),
});

for (const [name, change, says] of [
  ['an unknown kind of module', keepFirst({ kind: 'prefix' }), /prefix[\s\S]*lora/],
  ['a site that the model does not have', keepFirst({ site: 'encoder.block.9.layer.0.SelfAttention.q' }), /block\.9/],
  ['a module of another size', keepFirst({ parameters: 7 }), /7/],
  ['no module kept', ({ modules }: Structure) => ({ modules: modules.map(m => ({ ...m, kept: false })) }), /keeps no/],
  ['no list of modules', () => ({ modules: undefined }), /modules/],
] as const) {
  test(`a structure with ${name}: exit code 2, one message with its remedy, and no file touched`, async () => {
    const structure = damaged('damaged.json', change as (structure: Structure) => object);
    const listed = space.list();
    const { exitCode, stderr } = await train(tinyModel, structure, 'refused');
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr.slice(stderr.indexOf('error: ')), /^error: .*\n→ .*\n$/);
    assert.deepEqual(space.list(), listed);
  });
}

test("another model's structure is refused, with the way to carry it over; mapped, it is trained", async () => {
  const structure = join('found', 'structure.json');
  const refused = await train(other, structure, 'carried');
  assert.equal(refused.exitCode, 2, refused.stderr);
  assert.match(refused.stderr, /found on tiny-t5[\s\S]*--map relative/);
  const { exitCode, stdout, stderr } = await train(other, structure, 'carried', '--map', 'relative', '--json');
  assert.equal(exitCode, 0, stderr);
  const { structure: spent, budget, model } = JSON.parse(stdout) as RunResult;
  assert.equal(model, 'tiny-t5-v1_1');
  assert.ok(spent.parameters > 0 && spent.parameters <= budget.parameters);
  assert.ok(Math.abs(budget.fraction - 500 / 46720) < 1e-4);
  assert.deepEqual(spent.source, { tasks: ['films'], files: [structure] });
});

for (const method of ['tuned-lora', 'best-of-random'] as const) {
  test(`train --method ${method} keeps the attempt that is best on validation, and is resumed within one`, async () => {
    // What a search would cost, which sets the number of random structures, depends on its order and epochs.
    writeFileSync(file('order.yaml'), 'order: first\nepochs: 100\n');
    const long = ['--task', space.task, '--lr', '0.01', '--max-steps', '150', '--retrain-epochs', '50'];
    const given = ['train', 'order.yaml', '--model', tinyModel, ...long, '--method', method, '--budget', '500'];
    const whole = await runCli([...given, '--out', `${method}-whole`, '--json'], space.folder);
    assert.equal(whole.exitCode, 0, whole.stderr);
    // The first attempt saves its end; the second is then at work.
    const first = { 'tuned-lora': 'retrain-lr-0.001', 'best-of-random': 'retrain-draw-0' }[method];
    const saved = file(method, 'checkpoint', `${first}.safetensors`);
    const stopped = await runCliUntil(saved, [...given, '--out', method], space.folder);
    assert.equal(stopped.exitCode, 130, stopped.stderr);
    const rest = await runCli(['train', '--resume', '--out', method, '--json'], space.folder);
    assert.equal(rest.exitCode, 0, rest.stderr);
    const [once, twice] = [whole, rest].map(({ stdout }) => JSON.parse(stdout) as RunResult);
    assert.deepEqual(twice!.score, once!.score);
    assert.equal(twice!.resources.trials!.evaluations, once!.resources.trials!.evaluations);
    for (const name of ['delta.safetensors', 'structure.json']) {
      assert.deepEqual(readFileSync(file(method, name)), readFileSync(file(`${method}-whole`, name)), name);
    }
  });
}

test('a warm start goes on from what a run has trained; without one, or for others, it is refused', async () => {
  const first = await runCli(
    ['train', '--model', tinyModel, ...common, '--method', 'lora', '--out', 'first'],
    space.folder,
  );
  assert.equal(first.exitCode, 0, first.stderr);
  const structure = join('first', 'structure.json');
  // At a rate that changes nothing it stays what it was; a fresh start has other numbers.
  const still = ['--lr', '1e-30'];
  for (const [out, more] of [
    ['warm', ['--warm-start']],
    ['cold', []],
  ] as const) {
    const { exitCode, stderr } = await train(tinyModel, structure, out, ...still, ...more);
    assert.equal(exitCode, 0, stderr);
  }
  const parameters = async (run: string) => (await readSafetensors(file(run, 'delta.safetensors'))).tensors;
  const [before, warm, cold] = await Promise.all(['first', 'warm', 'cold'].map(parameters));
  const differs = (other: typeof before) =>
    [...before!].some(([name, { data }]) =>
      data.some((value, i) => Math.abs(value - other!.get(name)!.data[i]!) > 1e-6),
    );
  assert.ok(!differs(warm) && differs(cold));
  const untrained = await train(tinyModel, join('found', 'structure.json'), 'no-values', '--warm-start');
  assert.equal(untrained.exitCode, 2);
  assert.match(untrained.stderr, /found\/delta\.safetensors/);
  const fresh = ['train', '--model', tinyModel, ...common, '--method', 'lora', '--warm-start', '--out', 'fresh'];
  assert.match((await runCli(fresh, space.folder)).stderr, /nothing to begin with: `method`/);
});
