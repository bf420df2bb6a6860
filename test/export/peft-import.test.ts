import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import type { EncodedExample } from '../../src/core/program.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { createModule, deltaNamed } from '../../src/deltas/kinds.ts';
import type { ExportedTask } from '../../src/export/description.ts';
import { readPeftAdapter } from '../../src/export/peft-import.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { exportModel } from '../../src/library/export-model.ts';
import type { Model } from '../../src/models/model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { keptModules } from '../../src/structure/structure-file.ts';
import { assertClose, batch, freshFolder, loadTiny, logitsOf, task, trained } from './support.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const stars: ExportedTask = { name: 'stars', metric: 'accuracy', labels: ['bad', 'so so', 'good', 'great'] };
const score: ExportedTask = { name: 'score', metric: 'pearson', labels: undefined, numbers: true };

async function logitsWith(folder: string, model: Model, examples: readonly EncodedExample[]): Promise<Float32Array> {
  const { structure, delta } = await readPeftAdapter(folder, model);
  return (await logitsOf(model, keptModules(structure, model), delta, examples)).data;
}

for (const name of ['adapter', 'ia3-adapter']) {
  test(`the ${name} that PEFT has made computes what it computes there`, async () => {
    const model = await loadTiny('tiny-t5-v1_1');
    const file = fixture(`tiny-t5-v1_1.${name}`);
    const { batch: rows } = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as {
      batch: { source: number[]; target: number[] }[];
    };
    const { tensors } = await readSafetensors(`${file}.logits.safetensors`);
    const examples = rows.map(({ source, target }) => ({ input: { ids: source }, output: { ids: target } }));
    // Those of the answers' tokens, row after row.
    const found: number[] = [];
    for (const example of examples) found.push(...(await logitsWith(file, model, [example])));
    assertClose(found, tensors.get('logits')!.data, 1e-4);
  });
}

test('what is exported as an adapter is read back: modules, numbers, heads', async () => {
  const bert = await (await loadTiny('tiny-bert')).forTask(stars);
  const t5 = await loadTiny('tiny-t5-v1_1');
  const linear = ({ sites }: Model) => sites.filter(({ host, weightIsShared }) => host === 'linear' && !weightIsShared);
  const lora = (model: Model) =>
    linear(model).map((site, i) => createModule(site, 'lora', { rank: 1 + (i % 3), alpha: 4 + (i % 2) }));
  const biases = (model: Model) => listManualModules(model.sites, 'bitfit').filter(({ site }) => site.hasBias);
  const ia3 = ({ sites }: Model) => sites.filter(deltaNamed('ia3').hosts).map(site => createModule(site, 'ia3'));
  for (const [model, of, modules] of [
    [t5, task, lora(t5)],
    [t5, task, ia3(t5)],
    [bert, stars, lora(bert)],
    [bert, stars, [...lora(bert).slice(1), ...biases(bert)]],
    [bert, stars, biases(bert)],
    [bert, stars, []],
  ] as readonly (readonly [Model, ExportedTask, DeltaModule[]])[]) {
    const tuned = trained(model, modules);
    const out = freshFolder();
    await exportModel(model, tuned, { format: 'peft', out, task: { ...task, ...of }, settings: {} });
    const read = await readPeftAdapter(out, model);
    const byId = new Map(model.layout(modules).modules.map(each => [each.module.id, each]));
    const layout = model.layout(keptModules(read.structure, model));
    assert.equal(layout.modules.length, modules.length);
    for (const { module, parameters } of layout.modules) {
      const before = byId.get(module.id)!;
      assert.deepEqual(module.options, before.module.options);
      for (const [i, { offset, size }] of parameters.entries()) {
        const { offset: from } = before.parameters[i]!;
        assertClose(read.delta.subarray(offset, offset + size), tuned.delta.subarray(from, from + size), 1e-6);
      }
    }
  }
});

test('what cannot be read is refused by name: another base, another task, other kinds and switches', async () => {
  const model = await loadTiny('tiny-t5-v1_1');
  const adapter = fixture('tiny-t5-v1_1.adapter');
  const refused = (folder: string, on: Model, message: RegExp) =>
    assert.rejects(readPeftAdapter(folder, on), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  await refused(adapter, await loadTiny('tiny-t5'), /made for another model or task: /);
  await refused(adapter, await (await loadTiny('tiny-bert')).forTask(stars), /tiny-bert has no /);
  const config = JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8')) as object;
  const changed = (change: object) => {
    const folder = mkdtempSync(join(tmpdir(), 's3delta-adapter-'));
    cpSync(adapter, folder, { recursive: true });
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, ...change }));
    return folder;
  };
  await refused(changed({ peft_type: 'LOHA' }), model, /an adapter of type LOHA cannot be read/);
  await refused(changed({ use_dora: true }), model, /an adapter with use_dora cannot be read/);
  await refused(changed({ peft_type: 3 }), model, /not the configuration of an adapter: peft_type/);
  const bert = await (await loadTiny('tiny-bert')).forTask(stars);
  const out = freshFolder();
  await exportModel(bert, trained(bert, []), { format: 'peft', out, task: { ...task, ...stars }, settings: {} });
  await refused(
    out,
    await bert.answering({ kind: 'class', classes: 2 }),
    /its classifier\.weight is \[4,32\], and the task needs \[2,32\]/,
  );
});

test('an adapter of a base of the same shapes and other weights is read, and that is told', async () => {
  const model = await loadTiny('tiny-t5-v1_1');
  const doubtOf = async (folder: string) => (await readPeftAdapter(folder, model)).doubt;
  const adapter = mkdtempSync(join(tmpdir(), 's3delta-adapter-'));
  cpSync(fixture('tiny-t5-v1_1.adapter'), adapter, { recursive: true });
  const file = join(adapter, 'adapter_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  for (const [base_model_name_or_path, told] of [
    [model.folder, undefined],
    ['/somewhere/else/tiny-t5-v1_1/', undefined],
    [null, undefined],
    ['google/flan-t5-small', /trained on google\/flan-t5-small, and is read for tiny-t5-v1_1/],
  ] as const) {
    writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path }));
    const doubt = await doubtOf(adapter);
    if (told === undefined) assert.equal(doubt, undefined);
    else assert.match(doubt!, told);
  }
  // Of an adapter of ours the weights themselves are known.
  const lora = model.sites.filter(({ host, weightIsShared }) => host === 'linear' && !weightIsShared).slice(0, 3);
  const modules = lora.map(site => createModule(site, 'lora', { rank: 2, alpha: 4 }));
  const out = freshFolder();
  await exportModel(model, trained(model, modules), { format: 'peft', out, task, settings: {} });
  assert.equal(await doubtOf(out), undefined);
  const other = { ...model, fingerprint: '0123456789abcdef' };
  assert.match((await readPeftAdapter(out, other)).doubt!, /trained on tiny-t5-v1_1, and the weights of .* are others/);
});

/** A Python that has torch, transformers and peft. */
const python = process.env.S3DELTA_PYTHON;
const skip = python === undefined ? 'S3DELTA_PYTHON names no Python with torch, transformers and peft' : false;

describe('adapters as users of PEFT have them', { skip }, async () => {
  const shared = { lora_alpha: 6, r: 3, lora_dropout: 0.1 };
  const seq2seq = { peft_type: 'LORA', task_type: 'SEQ_2_SEQ_LM', ...shared };
  const seqCls = { peft_type: 'LORA', task_type: 'SEQ_CLS', ...shared };
  const cases = [
    ['a list of names', 'tiny-t5', undefined, { ...seq2seq, target_modules: ['q', 'v'] }],
    ['rank-stabilised', 'tiny-t5', undefined, { ...seq2seq, target_modules: ['q', 'wo'], use_rslora: true }],
    [
      'a regular expression, with patterns of ranks and scales',
      'tiny-t5-v1_1',
      undefined,
      {
        ...seq2seq,
        target_modules: '.*(SelfAttention|EncDecAttention)\\.(k|v)',
        rank_pattern: { 'encoder.*v': 5, k: 1 },
        alpha_pattern: { '^decoder.block.0.*': 9, 'SelfAttention.v': 2 },
        modules_to_save: ['final_layer_norm'],
      },
    ],
    [
      'IA3',
      'tiny-t5',
      undefined,
      { peft_type: 'IA3', task_type: 'SEQ_2_SEQ_LM', target_modules: ['k', 'v', 'wo'], feedforward_modules: ['wo'] },
    ],
    ['a classifier', 'tiny-bert', stars, { ...seqCls, target_modules: ['query', 'value'] }],
    ...(['all', 'lora_only'] as const).map(
      bias =>
        [
          `a classifier, with biases trained: ${bias}`,
          'tiny-bert',
          stars,
          { ...seqCls, target_modules: ['query', 'dense'], bias },
        ] as const,
    ),
    [
      'a regression, with norms saved',
      'tiny-bert',
      score,
      { ...seqCls, target_modules: ['query'], modules_to_save: ['classifier', 'LayerNorm'] },
    ],
  ] as const;
  const orders = [];
  for (const [title, name, of, config] of skip === false ? cases : []) {
    const loaded = await loadTiny(name);
    const model = of === undefined ? loaded : await loaded.forTask(of);
    const examples: readonly EncodedExample[] =
      of === undefined
        ? batch.slice(0, 1)
        : [{ input: { ids: [2, 20, 30, 40, 3] }, output: of.numbers ? { value: 0 } : { class: 0 } }];
    const rows = examples.map(({ input, output }) => ({
      ids: input.ids,
      ...('ids' in output && { labels: output.ids }),
    }));
    const labels = of === undefined ? undefined : (of.labels?.length ?? 1);
    orders.push({
      title,
      model,
      examples,
      order: { base: model.folder, config, out: freshFolder(), labels, batch: rows },
    });
  }
  const script = fileURLToPath(new URL('peft_adapters.py', import.meta.url));
  const input = JSON.stringify(orders.map(({ order }) => order));
  const logits: number[][][] =
    orders.length > 0 ? JSON.parse(execFileSync(python!, [script], { input, encoding: 'utf8', stdio: 'pipe' })) : [];
  for (const [i, { title, model, examples, order }] of orders.entries()) {
    test(`${title}: logits as PEFT computes them`, async () => {
      assertClose(await logitsWith(order.out, model, examples), logits[i]!.flat(), 1e-4);
    });
  }
});

test('an adapter that has changed since it was exported, and one that has diverged, are refused by file', async () => {
  const model = await loadTiny('tiny-t5-v1_1');
  const out = freshFolder();
  const lora = [createModule(model.sites.find(({ host }) => host === 'linear')!, 'lora')];
  await exportModel(model, trained(model, lora), { format: 'peft', out, task, settings: {} });
  const file = join(out, 'adapter_model.safetensors');
  const whole = readFileSync(file);
  const isRefused = (message: RegExp) => (error: unknown) =>
    error instanceof InputError && error.where === file && message.test(error.message);
  const changed = Buffer.from(whole);
  changed[whole.length - 5]! ^= 1;
  writeFileSync(file, changed);
  await assert.rejects(readPeftAdapter(out, model), isRefused(/another hash/));
  // PEFT's own files carry no hash.
  const foreign = Buffer.from(whole.toString('latin1').replace('s3delta.sha256', 'another.sha256'), 'latin1');
  writeFileSync(file, foreign);
  await readPeftAdapter(out, model);
  foreign.writeFloatLE(Number.NaN, whole.length - 4);
  writeFileSync(file, foreign);
  await assert.rejects(readPeftAdapter(out, model), isRefused(/holds numbers that are not finite/));
});
