import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { readGivenStructure, spaceOfGiven } from '../../src/structure/authors-structure.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { keptModules } from '../../src/structure/structure-file.ts';
import { fixturePath } from '../witness/fixtures.ts';

const model = await loadModel(fixturePath('tiny-t5'), { threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 's3delta-authors-'));
const written = (content: unknown) => {
  const file = join(folder, 'structure.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
};

const linear = { parallel: { Lora: { lora_r: 1 } }, sequential: { BitFitParallel: {} } };
const norm = { parallel: { LNFit: {} }, sequential: { BitFitParallel: {} } };
const block = { sequential: { LowRankAdapter: {} } };
const maps = ['SelfAttention.q', 'SelfAttention.k', 'SelfAttention.v', 'SelfAttention.o'];
/** The whole search space, as their `mix_low_rank.json` names it. */
const mixed = [
  Object.fromEntries([
    ...[...maps, 'DenseReluDense.wi', 'DenseReluDense.wo'].map(name => [name, linear]),
    ...['layer_norm', 'final_layer_norm'].map(name => [name, norm]),
  ]),
  { DenseReluDense: block, SelfAttention: block },
];

test("the authors' space by the ends of names is our space, module for module", async () => {
  const file = written(mixed);
  const structure = await readGivenStructure(file, model);
  const ids = keptModules(structure, model).map(({ id, parameters }) => `${id} ${parameters}`);
  const ours = listSpace(model.sites, 'mixed').map(({ id, parameters }) => `${id} ${parameters}`);
  assert.deepEqual(ids.toSorted(), ours.toSorted());
  assert.equal(await spaceOfGiven(file), undefined);
});

test('whole names are single sites, and options are ours', async () => {
  const name = 'encoder.block.1.layer.0.SelfAttention.q';
  const structure = await readGivenStructure(
    written([{ [name]: { parallel: { Lora: { lora_r: 3, lora_alpha: 8 } } } }]),
    model,
  );
  assert.deepEqual(
    structure.modules.map(({ site, kind, options, kept }) => ({ site, kind, options, kept })),
    [{ site: name, kind: 'lora', options: { rank: 3, alpha: 8 }, kept: true }],
  );
});

test('what is not known is refused by name', async () => {
  for (const [content, message] of [
    [[{ 'encoder.block.23.layer.0.SelfAttention.q': linear }], /tiny-t5 has no encoder\.block\.23/],
    [[{ 'SelfAttention.q': { parallel: { Prefix: {} } } }], /modules of the kind Prefix are not known/],
    [[{ 'SelfAttention.q': { parallel: { Lora: { lora_r: 1, dropout: 0.1 } } } }], /Lora has dropout = 0\.1/],
    [[{ 'SelfAttention.q': { before: {} } }], /cannot be read: 0\.SelfAttention\.q/],
    [[{ 'SelfAttention.q': { parallel: { LNFit: {} } } }], /lnfit cannot attach at encoder/],
  ] as const) {
    await assert.rejects(readGivenStructure(written(content), model), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  }
});
