import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, tinyModel, type Workspace, workspace } from './support.ts';

interface BadInput {
  readonly name: string;
  /** Brings the mistake into the workspace; returns the arguments. */
  readonly make: (space: Workspace) => readonly string[];
  /** What the message must name. */
  readonly says: RegExp;
}

const search = (space: Workspace, ...more: readonly string[]) => [
  ...['search', '--model', tinyModel, '--task', space.task, '--budget', '500', '--out', join(space.folder, 'run')],
  ...more,
];

function editModel(space: Workspace, edit: (folder: string) => void): readonly string[] {
  const model = space.copyModel('model');
  edit(model);
  return search(space, '--model', model);
}

function editTask(space: Workspace, file: string, content: string): readonly string[] {
  writeFileSync(join(space.folder, 'films', file), content);
  return search(space);
}

function parquetFixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/parquet/${name}.parquet`, import.meta.url));
}

/** GLUE's RTE in a folder as from the Hub, its validation set edited. */
function searchParquet(space: Workspace, edit: (bytes: Uint8Array) => Uint8Array): readonly string[] {
  const whole = parquetFixture('glue/rte/validation-00000-of-00001');
  writeFileSync(join(space.folder, 'train.parquet'), whole);
  writeFileSync(join(space.folder, 'validation.parquet'), edit(whole));
  return search(space, '--task', 'rte', '--data', space.folder);
}

const badInputs: readonly BadInput[] = [
  { name: 'an unknown command', make: () => ['serch'], says: /serch[\s\S]*search/ },
  { name: 'an unknown flag', make: space => search(space, '--budgte', '1'), says: /--budgte[\s\S]*--budget/ },
  { name: 'a flag without its value', make: space => search(space, '--lr'), says: /--lr/ },
  { name: 'no task', make: () => ['search', '--model', tinyModel], says: /--task/ },
  { name: 'no model', make: space => ['search', '--task', space.task], says: /--model/ },
  {
    name: 'integers for weights that are trained',
    make: space => [
      ...['train', '--method', 'fine-tuning', '--precision', 'int8', '--model', tinyModel, '--task', space.task],
      ...['--out', join(space.folder, 'run')],
    ],
    says: /--precision[\s\S]*every weight[\s\S]*--precision float32/,
  },
  { name: 'a device that does not compute', make: space => search(space, '--device', 'cuda'), says: /cuda[\s\S]*cpu/ },
  {
    name: 'an impossible value',
    make: space => search(space, '--order', 'third'),
    says: /--order[\s\S]*first, one-sided, second/,
  },
  {
    name: 'a global gradient where no budget is shared',
    make: space => search(space, '--objective', 'l0', '--gradient', 'global'),
    says: /--gradient[\s\S]*share none[\s\S]*--gradient local/,
  },
  {
    name: 'hard gates under the L0 penalty',
    make: space => search(space, '--objective', 'l0', '--gates', 'hard'),
    says: /--gates[\s\S]*hard concrete/,
  },
  {
    name: 'an exact derivative of hard gates',
    make: space => search(space, '--order', 'exact', '--gates', 'hard'),
    says: /--order[\s\S]*no exact derivative[\s\S]*--order second/,
  },
  {
    name: 'a stretch without hard concrete gates',
    make: space => search(space, '--stretch-low', '-0.2'),
    says: /--stretch-low[\s\S]*--objective l0/,
  },
  {
    name: 'a stretch that cuts nothing off',
    make: space => search(space, '--objective', 'l0', '--stretch-high', '1'),
    says: /--stretch-high[\s\S]*above 1/,
  },
  {
    name: 'an unknown key in a config file',
    make: space => {
      const config = join(space.folder, 'config.yaml');
      writeFileSync(config, 'budgt: 500\n');
      return [...search(space), config];
    },
    says: /config\.yaml[\s\S]*budgt[\s\S]*budget/,
  },
  { name: 'a missing config file', make: space => [...search(space), 'none.yaml'], says: /none\.yaml/ },
  { name: 'an unreadable budget', make: space => search(space, '--budget', 'much'), says: /budget.*much/ },
  {
    name: 'an unreadable budget, told before the model is looked for',
    make: space => search(space, '--budget', 'much', '--model', 'nowhere'),
    says: /budget.*much/,
  },
  { name: 'a budget below the cheapest module', make: space => search(space, '--budget', '3'), says: /cheapest/ },
  { name: 'an unknown task', make: space => search(space, '--task', 'rta'), says: /rta[\s\S]*rte/ },
  { name: 'a missing model folder', make: space => search(space, '--model', 'nowhere'), says: /nowhere/ },
  {
    name: 'missing weights',
    make: space => editModel(space, model => rmSync(join(model, 'model.safetensors'))),
    says: /model\.safetensors/,
  },
  {
    name: 'truncated weights',
    make: space => editModel(space, model => truncateSync(join(model, 'model.safetensors'), 4000)),
    says: /model\.safetensors/,
  },
  {
    name: 'weights with bytes that no tensor claims',
    make: space => editModel(space, model => appendFileSync(join(model, 'model.safetensors'), 'more')),
    says: /model\.safetensors[\s\S]*unused/,
  },
  {
    name: 'weights whose tensors overlap',
    make: space => editModel(space, model => changeHeader(model, ([, second]) => second!.map(offset => offset - 4), 1)),
    says: /model\.safetensors[\s\S]*overlaps/,
  },
  {
    name: 'weights with a tensor outside the file',
    make: space => editModel(space, model => changeHeader(model, ([first]) => first!.map(offset => offset + 1e6), 0)),
    says: /model\.safetensors[\s\S]*outside/,
  },
  {
    name: 'a missing tensor',
    make: space => editModel(space, model => changeConfig(model, { num_layers: 3 })),
    says: /encoder\.block\.2/,
  },
  {
    name: 'a tensor of another shape',
    make: space => editModel(space, model => changeConfig(model, { d_ff: 48 })),
    says: /DenseReluDense/,
  },
  {
    name: 'another model family',
    make: space => editModel(space, model => changeConfig(model, { model_type: 'gpt_neox' })),
    says: /gpt_neox[\s\S]*t5/,
  },
  {
    name: 'a tokenizer that does not fit',
    make: space => editModel(space, model => changeConfig(model, { vocab_size: 7 })),
    says: /vocab|tokenizer|shared/i,
  },
  {
    name: 'a column that is missing',
    make: space => editTask(space, 'train.jsonl', '{"text":"a","label":"bad"}\n{"label":"bad"}\n'),
    says: /train\.jsonl:2[\s\S]*text/,
  },
  {
    name: 'a label outside the task',
    make: space => editTask(space, 'train.jsonl', '{"text":"a","label":"bad"}\n{"text":"b","label":"odd"}\n'),
    says: /train\.jsonl:2[\s\S]*odd/,
  },
  {
    name: 'an unknown key in a task file',
    make: space => editTask(space, 'task.yaml', readFileSync(space.task, 'utf8').replace('metric:', 'metrc:')),
    says: /task\.yaml[\s\S]*metrc[\s\S]*metric/,
  },
  {
    name: 'a Parquet file that is cut off',
    make: space => searchParquet(space, bytes => bytes.subarray(0, 1000)),
    says: /validation\.parquet: this is no Parquet file, or its end is missing[\s\S]*download/,
  },
  {
    name: 'a Parquet file with another label encoding',
    make: space => searchParquet(space, () => parquetFixture('rte-names/train')),
    says: /validation\.parquet:1: the label "yes"[\s\S]*entailment/,
  },
  { name: 'an empty split', make: space => editTask(space, 'test.jsonl', ''), says: /test/ },
  {
    name: 'an output folder that holds another run',
    make: space => {
      mkdirSync(join(space.folder, 'run'));
      writeFileSync(join(space.folder, 'run', 'result.json'), '{}');
      return search(space);
    },
    says: /run[\s\S]*--resume/,
  },
  {
    name: 'an output folder below a file',
    make: space => search(space, '--out', join(space.task, 'run')),
    says: /task\.yaml[\s\S]*--out/,
  },
  {
    name: 'an output folder where no folder can be made',
    make: space => search(space, '--out', join(existsSync('/proc/self') ? '/proc/s3delta' : space.task, 'run')),
    says: /run[\s\S]*--out/,
  },
  {
    name: 'an output folder whose name is too long',
    make: space => search(space, '--out', join(space.folder, 'a'.repeat(300))),
    says: /aaa[\s\S]*--out/,
  },
  {
    name: 'an output folder where another process works',
    make: space => {
      const run = join(space.folder, 'run');
      mkdirSync(run);
      const lock = { id: 'x', pid: process.pid, host: hostname(), birth: null, since: '2026-01-31T17:45:02.000Z' };
      writeFileSync(join(run, 'lock.json'), JSON.stringify(lock));
      return search(space, '--resume');
    },
    says: new RegExp(`lock\\.json: process ${process.pid} on ${hostname()}[\\s\\S]*--resume`),
  },
  { name: 'a folder that holds no run', make: space => ['evaluate', space.folder], says: /holds no run/ },
  { name: 'train without a method', make: space => ['train', ...search(space).slice(1)], says: /--method/ },
];

/** Gives one tensor, in the order of the data, other offsets. */
function changeHeader(model: string, offsets: (all: readonly number[][]) => number[], index: number): void {
  const file = join(model, 'model.safetensors');
  const bytes = readFileSync(file);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, end)) as Record<string, { data_offsets: number[] }>;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([, tensor]) => tensor)
    .sort((a, b) => a.data_offsets[0]! - b.data_offsets[0]!);
  tensors[index]!.data_offsets = offsets(tensors.map(tensor => tensor.data_offsets));
  const changed = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(changed.length));
  writeFileSync(file, Buffer.concat([length, changed, bytes.subarray(end)]));
}

function changeConfig(model: string, changes: Readonly<Record<string, unknown>>): void {
  const file = join(model, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...changes }));
}

for (const { name, make, says } of badInputs) {
  test(`${name}: exit code 2, one message with its remedy, and no file touched`, async () => {
    const space = workspace();
    const args = make(space);
    const before = space.list();
    const { exitCode, stdout, stderr } = await runCli(args, space.folder);
    assert.equal(exitCode, 2, stderr);
    assert.equal(stdout, '');
    const message = stderr.slice(stderr.indexOf('error: '));
    assert.match(message, says);
    assert.match(message, /^error: .*\n→ .*\n$/);
    assert.deepEqual(space.list(), before);
  });
}
