import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfigFile } from '../../src/config/config-file.ts';
import { completeSettings } from '../../src/config/job-config.ts';
import { loadTokenizer } from '../../src/data/tokenizer/load-tokenizer.ts';
import { layoutOf } from '../../src/deltas/layout.ts';
import { readDescription, taskOf } from '../../src/export/description.ts';
import { HASH_KEY } from '../../src/files/content-hash.ts';
import { readRun, readRunView } from '../../src/jobs/report-job.ts';
import { readDelta, writeDelta } from '../../src/library/delta-file.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { drawStructure, manualStructure } from '../../src/library/structures.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { reportHtml } from '../../src/report/run-report.ts';
import { readLock } from '../../src/runs/run-lock.ts';
import { createStructure, keptModules, readStructure, writeStructure } from '../../src/structure/structure-file.ts';
import { fieldsAsSegments, readExamples, wordedClasses } from '../../src/tasks/row-form.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { checkpointFile } from '../../src/training/checkpoint.ts';
import { tune } from '../../src/training/tune-program.ts';
import { tinyModel, workspace } from '../cli/support.ts';
import { films } from '../library/films.ts';
import { drain } from '../training/toy-program.ts';
import { options, problem } from '../training/tune-problem.ts';

/** A file that a user gives, and the whole way by which it is read. */
export interface Subject {
  /** Where the mutated file goes. Errors must name this place, or the folder. */
  readonly file: string;
  /** Whole files to begin with. */
  readonly originals: readonly Uint8Array[];
  /** Whether damaged lines are passed over, so that nothing is refused. */
  readonly lenient?: boolean;
  read(): Promise<unknown>;
}

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const base = () => mkdtempSync(join(tmpdir(), 's3delta-fuzz-'));
const bytes = (...contents: readonly (string | Uint8Array)[]) =>
  contents.map(content => Buffer.from(content as string));

/** One file of a copied folder is mutated, all others are whole. */
function inCopy(source: string, name: string, read: (folder: string) => Promise<unknown>): Subject {
  const folder = base();
  cpSync(source, folder, { recursive: true });
  const file = join(folder, name);
  return { file, originals: [readFileSync(file)], read: () => read(folder) };
}

/** A data file with a column of texts and the column `label`, which holds some of the labels. */
function data(
  name: string,
  originals: readonly (string | Uint8Array)[],
  { text = 'text', labels = ['0', '1'] }: { readonly text?: string; readonly labels?: readonly string[] } = {},
): Subject {
  const file = join(base(), name);
  const classes = wordedClasses(new Map(labels.map(label => [label, label])));
  const read = () => readExamples([file], { label: 'label', classes, segments: fieldsAsSegments(text) });
  return { file, originals: bytes(...originals), read };
}

/** The Hub's form of GLUE's RTE, with rows of our own. */
function parquet(): Subject {
  const rte = fixture('parquet/glue/rte');
  const originals = ['train-00000-of-00002', 'validation-00000-of-00001'].map(name =>
    readFileSync(join(rte, `${name}.parquet`)),
  );
  return data('a.parquet', originals, { text: 'sentence1', labels: ['entailment', 'not_entailment'] });
}

async function writes(file: string, write: () => Promise<void>, read: () => Promise<unknown>): Promise<Subject> {
  mkdirSync(dirname(file), { recursive: true });
  await write();
  const whole = readFileSync(file);
  // As earlier versions wrote it: behind the hash, everything else must hold as well.
  const unhashed = whole.toString('latin1').replace(HASH_KEY, 'x'.repeat(HASH_KEY.length));
  return { file, originals: [whole, Buffer.from(unhashed, 'latin1')], read };
}

const answers = ['Ein Satz, 12 <extra_id_0> naïve ﬁ \u3000x', '', '\ud800 \0 \u2581\u2581 a'.repeat(20)];

async function useTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  for (const text of answers) tokenizer.decode(tokenizer.encode(text));
  tokenizer.decode([0, 1, 159, 1e6, -1]);
}

/** A model's folder without its tokenizer.json: then spiece.model is read. */
function spiece(): Subject {
  const folder = base();
  const file = join(folder, 'spiece.model');
  cpSync(join(tinyModel, 'tokenizer_config.json'), join(folder, 'tokenizer_config.json'));
  return { file, originals: [readFileSync(join(tinyModel, 'spiece.model'))], read: () => useTokenizer(folder) };
}

/** A file beside a tokenizer's vocabulary. */
function companion(name: string, content: unknown): Subject {
  const folder = base();
  cpSync(join(tinyModel, 'spiece.model'), join(folder, 'spiece.model'));
  const file = join(folder, name);
  const originals = bytes(JSON.stringify(content));
  writeFileSync(file, originals[0]!);
  return { file, originals, read: () => useTokenizer(folder) };
}

/** A vocabulary of plain lines. */
function lines(vocabulary: Readonly<Record<string, string>>, name: string): Subject {
  const folder = base();
  for (const [each, content] of Object.entries(vocabulary)) writeFileSync(join(folder, each), content);
  const file = join(folder, name);
  return { file, originals: [readFileSync(file)], read: () => useTokenizer(folder) };
}

const wordPieces = { 'vocab.txt': '<pad>\n</s>\n<unk>\na\n##in\n12\n,\nna\n##ve\n' };
const bytePairs = {
  'vocab.json': JSON.stringify({ '<pad>': 0, '</s>': 1, E: 2, i: 3, n: 4, in: 5, Ġ: 6, Ein: 7 }),
  'merges.txt': '#version: 0.2\ni n\nE in\n',
};

function config(): Subject {
  const file = join(base(), 'config.yaml');
  const originals = bytes(
    'model: mini\ntask: rte\nbudget: 1.39bp\nseed: 3\norder: second\ntau: 0.5\nretrain: true\nlr: 3e-4\n',
    '{ "model": "mini", "task": "rte", "max-steps": 5, "budget": 5000, "sentinel": false, "versions": { "node": "v24" } }',
    '&a model: &b mini\ntask: *b\n? threads\n: 2\n',
  );
  const read = async () => completeSettings({ name: 'mini' }, films, readConfigFile(file));
  return { file, originals, read };
}

function task(): Subject {
  const { task: file } = workspace();
  const example = fileURLToPath(new URL('../../examples/my-task', import.meta.url));
  for (const name of ['train.tsv', 'validation.csv']) cpSync(join(example, name), join(dirname(file), name));
  const score = (_: unknown, i: number) => JSON.stringify({ text: `text ${i}`, label: i / 4 });
  writeFileSync(join(dirname(file), 'scores.jsonl'), Array.from({ length: 20 }, score).join('\n'));
  const originals = [
    readFileSync(file),
    readFileSync(join(example, 'task.yaml')),
    ...bytes(
      'name: t\ntemplate: "{text}"\nlabel: label\nmetric: pearson\nfiles: { train: scores.jsonl }\ncolumns: [text, label]\n',
    ),
  ];
  const read = async () => loadTaskData(await loadTask(file), { data: dirname(file), seed: 1 });
  return { file, originals, read };
}

async function structure(): Promise<Subject> {
  const model = await loadModel(tinyModel, { threads: 1 });
  const file = join(base(), 'structure.json');
  const drawn = drawStructure(model, { space: 'mixed', budget: '500', 'keep-inert': false, seed: 1 });
  const small = { ...drawn, modules: drawn.modules.slice(0, 9) };
  const read = async () => layoutOf(keptModules(await readStructure(file), model, file));
  return writes(file, () => writeStructure(file, small), read);
}

async function delta(): Promise<Subject> {
  const model = await loadModel(tinyModel, { threads: 1 });
  const layout = layoutOf(keptModules(manualStructure(model, 'bitfit'), model));
  const file = join(base(), 'delta.safetensors');
  const write = () => writeDelta(file, model, layout, new Float32Array(layout.size).fill(0.5));
  return writes(file, write, () => readDelta(file, model, layout));
}

async function checkpoint(): Promise<Subject> {
  const store = checkpointFile(join(base(), 'tune.safetensors'));
  const run = { ...options, maxSteps: 8 };
  const write = async () => {
    for await (const event of tune(problem, run, { checkpoint: store, saveEverySeconds: -1 })) {
      if (event.step === 7) break;
    }
  };
  return writes(store.where!, write, () =>
    drain(tune(problem, run, { checkpoint: { ...store, save: async () => {} } })),
  );
}

async function report(folder: string): Promise<string> {
  const { result, folder: files } = await readRun(folder);
  return reportHtml({ ...(await readRunView(files)), result });
}

/** A finished run's folder, and the report of it. */
async function run(name: 'result.json' | 'metrics.jsonl'): Promise<Subject> {
  const folder = base();
  const model = await loadModel(tinyModel, { threads: 1 });
  writeFileSync(join(folder, 'config.yaml'), 'model: mini\ntask: rte\n');
  await writeStructure(join(folder, 'structure.json'), manualStructure(model, 'lnfit'));
  const stage = { seconds: 1.5, peakBytes: 1e9, evaluations: 12 };
  const result = {
    ...{ task: 'films', model: 'tiny-t5', seed: 3, budget: { parameters: 500, fraction: 0.01 } },
    structure: { modules: 3, parameters: 288 },
    score: { metric: 'accuracy', validation: 60, test: 55.5, majority: 50, random: 51 },
    resources: { search: stage, retrain: stage, ratio: { time: 1, memory: 1 } },
  };
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result, null, 2));
  const line = { stage: 'search', step: 2, steps: 4, loss: 0.5, learningRate: 0.1, score: 50, best: 50, seconds: 1 };
  const lines = [line, { ...line, step: 4 }, { ...line, stage: 'retrain' }].map(each => `${JSON.stringify(each)}\n`);
  writeFileSync(join(folder, 'metrics.jsonl'), lines.join(''));
  const file = join(folder, name);
  return {
    file,
    originals: [readFileSync(file)],
    lenient: name === 'metrics.jsonl',
    read: () => report(folder),
  };
}

function lock(): Subject {
  const file = join(base(), 'lock.json');
  const holder = { id: 'a', pid: 12, host: 'h', birth: 'b 1', since: '2026-01-31' };
  return { file, originals: bytes(JSON.stringify(holder)), read: async () => readLock(file) };
}

async function exported(): Promise<Subject> {
  const model = await loadModel(tinyModel, { threads: 1 });
  const folder = base();
  const nothing = {
    structure: createStructure(model, { space: 'none', budget: null }, [], { kept: [] }),
    delta: new Float32Array(0),
  };
  const task = { ...films, source: (field: (name: string) => string) => `film: ${field('text')}` };
  await exportModel(model, nothing, { format: 'onnx', out: folder, task });
  const file = join(folder, 's3delta.json');
  const read = async () => taskOf((await readDescription(folder)).task, folder);
  return { file, originals: [readFileSync(file)], read };
}

const row = (text: string, label: string) => `${JSON.stringify({ text, label })}`;

/** Every kind of file that a user can give. A new kind is a line here. */
export const subjects: Readonly<Record<string, () => Subject | Promise<Subject>>> = {
  config,
  task,
  structure,
  delta,
  checkpoint,
  lock,
  export: exported,
  result: () => run('result.json'),
  metrics: () => run('metrics.jsonl'),
  tsv: () => data('a.tsv', ['text\tlabel\na "b\t1\nc\t0\n', '\ufefftext\tx\tlabel\r\na\t\t1\r\n']),
  csv: () => data('a.csv', ['text,label\n"a ""b"", c",1\n"d\ne",0\n', 'x,text,label\r\n1,,0\r\n']),
  jsonl: () =>
    data('a.jsonl', [`${row('a', '1')}\n\n${row('b\\u0000 é', '0')}\n`, '{"label":1,"text":true,"x":[{}]}\n']),
  json: () => data('a.json', [`[${row('a', '1')},${row('b', '0')}]`, `{"0":${row('a', '1')}}`]),
  parquet,
  modelConfig: () => inCopy(tinyModel, 'config.json', loadModel),
  weights: () => inCopy(tinyModel, 'model.safetensors', loadModel),
  shardIndex: () => inCopy(fixture('tiny-t5-sharded'), 'model.safetensors.index.json', loadModel),
  tokenizerJson: () => inCopy(tinyModel, 'tokenizer.json', useTokenizer),
  tokenizerConfig: () => inCopy(tinyModel, 'tokenizer_config.json', useTokenizer),
  spiece,
  addedTokens: () => companion('added_tokens.json', { '[EXT]': 156, Satz: 157 }),
  specialTokens: () => companion('special_tokens_map.json', { eos_token: '</s>', additional_special_tokens: ['x'] }),
  vocabTxt: () => lines(wordPieces, 'vocab.txt'),
  vocabJson: () => lines(bytePairs, 'vocab.json'),
  mergesTxt: () => lines(bytePairs, 'merges.txt'),
};
