import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { readCheckpointIndex } from '../../../src/files/checkpoint-files.ts';
import { type TensorSource, writeTensors } from '../../../src/files/safetensors-arrays.ts';
import type { AnswerKind } from '../../../src/models/codec.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import type { Model } from '../../../src/models/model.ts';
import { readWeightBytes } from '../../../src/models/read-weight.ts';
import { fixturePath, largestDifference } from '../../witness/fixtures.ts';

const scratch = await mkdtemp(join(tmpdir(), 's3delta-encoders-'));
after(() => rm(scratch, { recursive: true }));

/** A copy of a tiny checkpoint in one file of bfloat16, each tensor under another name, or left out. */
async function rewritten(
  name: string,
  nameOf: (tensor: string) => string | undefined,
  config: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const source = fixturePath(`tiny-${name}`);
  const folder = await mkdtemp(join(scratch, `${name}-`));
  await cp(source, folder, { recursive: true, filter: path => !path.includes('safetensors') });
  const own = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...own, ...config }));
  const tensors = new Map<string, TensorSource>();
  for (const [tensor, entry] of await readCheckpointIndex(source)) {
    const renamed = nameOf(tensor);
    if (renamed === undefined) continue;
    const bytes = await readWeightBytes({ ...entry, name: tensor, dtype: 'float32' });
    // The numbers of the fixtures are exact in bfloat16: the upper halves.
    const halves = entry.dtype === 'BF16' ? bytes : bytes.filter((_, i) => i % 4 > 1);
    tensors.set(renamed, { dtype: 'BF16', shape: entry.shape, bytes: () => halves });
  }
  await writeTensors(join(folder, 'model.safetensors'), { metadata: {}, tensors });
  return folder;
}

const batch = [
  { input: { ids: [2, 9, 12, 30, 7, 3] }, output: { class: 0 } },
  { input: { ids: [2, 40, 3] }, output: { class: 2 } },
];

async function logitsOf(model: Model): Promise<Float32Array> {
  const program = await model.compile([]);
  const { data } = await program.logits(batch, program.initialDelta(0));
  await program.release();
  return data;
}

const load = (folder: string) => loadModel(folder, { threads: 1 });

const bare = (tensor: string) => tensor.replace(/^(bert|roberta|distilbert|mpnet|model)\./, '');
const early = (tensor: string) => tensor.replace('Norm.weight', 'Norm.gamma').replace('Norm.bias', 'Norm.beta');

for (const name of ['bert', 'roberta', 'xlm-roberta', 'distilbert', 'mpnet', 'modernbert']) {
  it(`${name}: a bare backbone in bfloat16 under early names says the same, its trained head taken over`, async () => {
    const nameOf = (tensor: string) => (name === 'modernbert' ? bare(tensor) : early(bare(tensor)));
    const [expected, actual] = [
      await load(fixturePath(`tiny-${name}`)),
      await load(await rewritten(name, nameOf)),
    ] as const;
    assert.equal(actual.parameters, expected.parameters);
    assert.equal(largestDifference(await logitsOf(actual), await logitsOf(expected)), 0);
  });

  it(`${name}: without a head of its own it gets a fresh one, by the seed, and what is no part of it is refused`, async () => {
    const isHead = (tensor: string) => /^(pre_classifier|classifier|head)\./.test(tensor);
    const folder = await rewritten(name, tensor => (isHead(tensor) ? undefined : tensor));
    const model = await load(folder);
    assert.deepEqual(model.warnings, []);
    const distributions = model.heads.flatMap(({ parameters }) =>
      parameters.map(each => each.initializer.distribution),
    );
    assert.ok(distributions.includes('normal'));
    const program = await model.compile([]);
    assert.deepEqual(program.initialDelta(3), program.initialDelta(3));
    assert.notDeepEqual(program.initialDelta(4), program.initialDelta(3));
    await program.release();
    const strange = await rewritten(name, tensor => (isHead(tensor) ? `strange.${tensor}` : tensor));
    await assert.rejects(load(strange), /tensors that a model of config\.json does not have: strange/);
  });
}

const named = { id2label: { 0: 'CONTRADICTION', 1: 'neutral', 2: 'Entailment' } };
const asked = (...labels: string[]): AnswerKind => ({ kind: 'class', classes: labels.length, labels });

it("a trained head's rows stand in the order of the task's labels", async () => {
  const model = await load(await rewritten('roberta', tensor => tensor, named));
  const own = await logitsOf(await model.answering({ kind: 'class', classes: 3 }));
  const turned = await model.answering(asked('entailment', 'neutral', 'contradiction'));
  assert.deepEqual(turned.warnings, []);
  const inOrder = batch.flatMap((_, row) => [2, 1, 0].map(column => own[3 * row + column]!));
  assert.equal(largestDifference(await logitsOf(turned), inOrder), 0);
});

it('a trained head of other classes is left, which is told, and its last layer alone begins fresh', async () => {
  const model = await load(await rewritten('roberta', tensor => tensor, named));
  for (const [kind, told] of [
    [
      asked('no', 'yes'),
      /answers 3 classes \(CONTRADICTION, neutral, Entailment\), and the task asks for 2 classes \(no, yes\)/,
    ],
    [asked('a', 'b', 'c'), /asks for 3 classes \(a, b, c\): its last layer begins fresh/],
    [asked('neutral', 'neutral', 'entailment'), /begins fresh/],
    [{ kind: 'number' }, /asks for a number/],
    [{ kind: 'choice' }, /asks for a choice/],
  ] as const) {
    const { warnings, heads } = await model.answering(kind);
    assert.match(warnings.at(-1)!, told);
    const distributions = heads.map(({ parameters }) => parameters.map(each => each.initializer.distribution));
    assert.deepEqual(distributions, [
      ['given', 'given'],
      ['normal', kind.kind === 'number' ? 'mean-answer' : 'zeros'],
    ]);
  }
});

it('classes that nobody has named are taken by their numbers', async () => {
  const id2label = { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' };
  const model = await load(await rewritten('mpnet', tensor => tensor, { id2label }));
  const taken = await model.answering(asked('a', 'b', 'c'));
  assert.deepEqual(taken.warnings, []);
  assert.deepEqual(await logitsOf(taken), await logitsOf(model));
});
