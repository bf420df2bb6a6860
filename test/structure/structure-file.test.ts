import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import {
  createStructure,
  keptModules,
  readStructure,
  type Structure,
  writeStructure,
} from '../../src/structure/structure-file.ts';
import { gatedSites, LARGE_PARAMETERS, largeSites } from './t5-large.ts';

const folder = await mkdtemp(join(tmpdir(), 's3delta-structure-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'structure.json');

const model = { name: 't5-large', fingerprint: 'abc', parameters: LARGE_PARAMETERS, sites: largeSites };
const candidates = listSpace(largeSites, 'mixed');
const structure = createStructure(model, { space: 'mixed', budget: 102_535 }, candidates, {
  kept: candidates.map((_, i) => i % 9 === 0),
  worth: Float64Array.from(candidates, (_, i) => Math.sin(i)),
  probabilities: Float64Array.from(candidates, (_, i) => 1 / (1 + i)),
});

async function rejects(content: unknown, message: RegExp): Promise<void> {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await assert.rejects(readStructure(path), (error: Error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.where, path);
    assert.match(error.message, message);
    return true;
  });
}

test('comes back as it was written, every candidate with α and p to the last bit', async () => {
  await writeStructure(path, structure);
  assert.deepEqual(await readStructure(path), structure);
  assert.equal(structure.modules.length, 916);
  const { site, kind, parameters, role, place, worth, p } = structure.modules[3]!;
  const candidate = candidates[3]!;
  assert.deepEqual([site, kind, parameters], [candidate.site.name, candidate.kind, candidate.parameters]);
  assert.deepEqual([role, place], [candidate.site.role, candidate.site.place]);
  assert.deepEqual([worth, p], [Math.sin(3), 1 / 4]);
});

test('is a text a person can read: a line a module', async () => {
  await writeStructure(path, structure);
  const lines = (await readFile(path, 'utf8')).split('\n');
  assert.equal(lines.filter(line => line.includes('"site"')).length, 916);
  assert.match(lines[1]!, /"format": "s3delta-structure"/);
});

test('the kept modules are the candidates themselves', () => {
  assert.deepEqual(
    keptModules(structure, model),
    candidates.filter((_, i) => i % 9 === 0),
  );
});

test('a manual structure has neither α nor p nor, perhaps, a budget', async () => {
  const modules = listManualModules(largeSites, 'lora');
  const manual = createStructure(model, { space: 'lora', budget: null }, modules, { kept: modules.map(() => true) });
  await writeStructure(path, manual);
  const back = await readStructure(path);
  assert.deepEqual(back, manual);
  assert.deepEqual([back.modules[0]!.worth, back.modules[0]!.p, back.budget], [null, null, null]);
  assert.deepEqual(keptModules(back, model), modules);
});

test('an empty structure is written and read', async () => {
  const empty = createStructure(model, { space: 'lora', budget: 9 }, [], { kept: [] });
  await writeStructure(path, empty);
  assert.deepEqual(keptModules(await readStructure(path), model), []);
});

const broken: [string, (value: Structure) => unknown, RegExp][] = [
  ['another format', value => ({ ...value, format: 'peft' }), /format/],
  ['a later version', value => ({ ...value, version: 3 }), /version 3, where 2 and 1 can be read/],
  ['a version that is none', value => ({ ...value, version: 'x' }), /version "x", where 2 and 1 can be read/],
  [
    'a role that is none',
    value => ({ ...value, modules: [{ ...value.modules[0], role: 'self-attention.kwery' }] }),
    /modules\.0\.role: unknown role "self-attention\.kwery"; did you mean "self-attention\.query"\? use one of: embedding, /,
  ],
  [
    'a place that is none',
    value => ({ ...value, modules: [{ ...value.modules[0], place: { stack: 'encoder', layer: -1 } }] }),
    /modules\.0\.place\.layer/,
  ],
  ['no modules', ({ modules: _, ...rest }) => rest, /modules/],
  [
    'a module without a site',
    value => ({ ...value, modules: [{ ...value.modules[0], site: undefined }] }),
    /modules\.0\.site/,
  ],
  ['p above 1', value => ({ ...value, modules: [{ ...value.modules[0], p: 1.5 }] }), /modules\.0\.p/],
  [
    'kept that is no truth value',
    value => ({ ...value, modules: [{ ...value.modules[0], kept: 1 }] }),
    /modules\.0\.kept/,
  ],
  ['a list', () => [], /not a structure/],
];

for (const [title, change, message] of broken) {
  test(`refuses ${title}`, () => rejects(change(structure), message));
}

test('refuses a file cut off, and a missing one', async () => {
  await rejects(JSON.stringify(structure).slice(0, 500), /not valid JSON/);
  await rm(path);
  await assert.rejects(readStructure(path), InputError);
});

test('a structure of another model is an InputError that names both', () => {
  const other = { name: 't5-v1.1-large', fingerprint: 'def', sites: gatedSites };
  assert.throws(
    () => keptModules(structure, other),
    (error: Error) => {
      return error instanceof InputError && /found on t5-large, not on t5-v1.1-large/.test(error.message);
    },
  );
});

test('an unknown site, kind or option, and a wrong count, are InputErrors', () => {
  const kept = structure.modules[0]!;
  const change = (changes: Partial<Structure['modules'][number]>) => () =>
    keptModules({ ...structure, modules: [{ ...kept, ...changes }] }, model);
  assert.throws(change({ site: 'encoder.block.99.layer.0.SelfAttention.q' }), (error: Error) => {
    return error instanceof InputError && /encoder.block.99/.test(error.message);
  });
  assert.throws(change({ role: 'lm-head' }), (error: Error) => {
    return error instanceof InputError && /is lm-head, which in t5-large is self-attention.norm/.test(error.message);
  });
  assert.throws(change({ kind: 'adaptor' }), (error: InputError) => {
    return error instanceof InputError && /^did you mean "adapter"\? use one of: lora, /.test(error.remedy!);
  });
  assert.throws(change({ options: { width: 3 } }), InputError);
  assert.throws(change({ parameters: kept.parameters + 1 }), (error: Error) => {
    return error instanceof InputError && /the structure says/.test(error.message);
  });
});

test('kinds and options named like every object’s properties, and a module kept twice, are InputErrors at the file', () => {
  const [first] = structure.modules.filter(module => module.kept);
  const broken = [
    { ...first!, kind: 'constructor' },
    { ...first!, kind: '__proto__' },
    { ...first!, options: { ...first!.options, toString: 1 } },
    { ...first!, site: '__proto__' },
  ];
  for (const modules of [...broken.map(module => [module]), [first!, first!]]) {
    assert.throws(
      () => keptModules({ ...structure, modules }, model, 'structure.json'),
      (error: InputError) => error instanceof InputError && error.where === 'structure.json',
    );
  }
});

test('what must not be kept has p = 0, also where the search has no probabilities', () => {
  const three = candidates.slice(0, 3);
  const choice = { kept: [true, false, false], worth: [3, 2, 1], closed: [false, true, false] };
  const { modules } = createStructure(model, { space: 'mixed', budget: 1e6 }, three, choice);
  assert.deepEqual(
    modules.map(({ worth, p }) => [worth, p]),
    [
      [3, null],
      [2, 0],
      [1, null],
    ],
  );
});
