/**
 * Whether rows of SST-2 are answered alike by every program that takes an export: a LoRA run of a T5 and one of an
 * encoder are exported in every form, and each program answers the same rows. What is not here is passed over:
 *
 *   node bench/same-answers.ts [--rows 200] [--steps 300] [--writer mini] [--reader FOLDER]
 *
 * S3DELTA_PYTHON names a Python with torch, transformers, peft and onnxruntime,
 * S3DELTA_OPTIMUM one with optimum-onnx.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  type PreTrainedTokenizer,
  pipeline,
  type Tensor,
} from '@huggingface/transformers';
import { cacheFolder } from '../src/files/folders.ts';
import { runExportJob } from '../src/jobs/export-job.ts';
import { loadTuned } from '../src/jobs/load-tuned.ts';
import { runPredictJob } from '../src/jobs/predict-job.ts';
import { runTrainJob } from '../src/jobs/run-job.ts';
import { keptModules } from '../src/structure/structure-file.ts';
import { defaultDataFolder } from '../src/tasks/task-places.ts';
import { loadTask, loadTaskData } from '../src/tasks/tasks.ts';
import { executablePath, launch } from '../test/browser/chromium.ts';
import { openTransformers } from '../test/browser/transformers-page.ts';
import { countOf } from './counts.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200' },
    steps: { type: 'string', default: '300' },
    writer: { type: 'string', default: 'mini' },
    reader: { type: 'string', default: join(cacheFolder(), 'backbones', 'minilm') },
  },
});

/** Tokens of an answer. */
const MOST = 6;
const BATCH = 20;

/** What a program makes of each text: tokens of an answer; of an encoder logits of classes, or log-probabilities. */
type Answers = readonly (readonly number[])[];
type Outcome = Answers | { readonly missing: string };
type Asked = Awaited<ReturnType<typeof prepare>>;

const task = await loadTask('sst2');
const { test } = await loadTaskData(task, { data: defaultDataFolder(), seed: 1 });
const examples = test.slice(0, countOf(values, 'rows'));

env.allowRemoteModels = false;
env.useFSCache = false;

/** The name by which transformers.js finds a folder of this machine. */
function found(folder: string): string {
  env.localModelPath = dirname(folder);
  return basename(folder);
}

/** Trains, exports in every form, and answers the rows by the run itself. */
async function prepare(name: string) {
  const run = join(mkdtempSync(join(tmpdir(), 's3delta-same-')), 'run');
  const rows = { 'max-validation': 200, 'max-test': 200 } as const;
  const steps = { 'max-steps': countOf(values, 'steps'), 'batch-size': 16, seed: 1, threads: 1 } as const;
  await runTrainJob({ model: name, task: task.name, method: 'lora', ...rows, ...steps }, { out: run });
  const folders: Record<string, string> = {};
  for (const format of ['onnx', 'safetensors', 'peft']) folders[format] = (await runExportJob(run, { format })).folder;

  const { model, config, tuned } = await loadTuned(run);
  const codec = model.codec(task, config.encoding);
  const read = examples.map(({ input }) => codec.read(input));
  // A sentinel closes the text that is read, where the model wants one.
  const texts = read.map(({ text }) => (codec.form.sentinel === true ? `${text} <extra_id_0>` : text));
  const inputs = read.map(({ input }) => input);
  const program = await model.compile(keptModules(tuned.structure, model));
  const classes = task.labels!.length;
  const ours: number[][] = [];
  for (const batch of inBatches(inputs)) {
    if (program.generate) ours.push(...(await program.generate(batch, tuned.delta, undefined, { maxTokens: MOST })));
    else {
      const { data } = await program.logits(
        batch.map(input => ({ input, output: { class: 0 } })),
        tuned.delta,
      );
      ours.push(...batch.map((_, row) => [...data.subarray(row * classes, (row + 1) * classes)]));
    }
  }
  const writes = program.generate !== undefined;
  await program.release();
  return { run, folders, model, texts, ours, writes, classes };
}

function inBatches<Item>(all: readonly Item[]): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) => all.slice(i * BATCH, (i + 1) * BATCH));
}

async function inNode({ folders, texts, writes }: Asked): Promise<Outcome> {
  const dtype = 'fp32';
  const options = { padding: true, truncation: true };
  const answers: number[][] = [];
  if (writes) {
    const write = await pipeline('text2text-generation', found(folders.onnx!), { dtype });
    for (const batch of inBatches(texts)) {
      const inputs = (write.tokenizer as PreTrainedTokenizer)([...batch], options);
      const ids = (await write.model.generate({ ...inputs, max_new_tokens: MOST } as never)) as Tensor;
      answers.push(...(ids.tolist() as bigint[][]).map(row => row.map(Number)));
    }
    return answers;
  }
  const tokenizer = await AutoTokenizer.from_pretrained(found(folders.onnx!));
  const classifier = await AutoModelForSequenceClassification.from_pretrained(found(folders.onnx!), { dtype });
  for (const batch of inBatches(texts)) {
    const { logits } = (await classifier(tokenizer([...batch], options))) as { logits: Tensor };
    answers.push(...(logits.tolist() as number[][]));
  }
  return answers;
}

async function inChromium({ folders, texts, writes }: Asked): Promise<Outcome> {
  if (executablePath === undefined) return { missing: 'there is no Chromium' };
  const browser = await launch();
  try {
    const kind = writes ? 'text2text-generation' : 'text-classification';
    const page = await openTransformers(browser, folders.onnx!, kind);
    if (writes) return (await page.generate(inBatches(texts), MOST)).flat();
    return (await page.classify(texts)).map(labelled =>
      task.labels!.map(label => Math.log(labelled.find(each => each.label === label)!.score)),
    );
  } finally {
    await browser.close();
  }
}

function inPython(python: string | undefined, programs: readonly string[], asked: Asked): Record<string, Outcome> {
  if (python === undefined) {
    return Object.fromEntries(programs.map(name => [name, { missing: 'no Python with it is given' }]));
  }
  const { folders, model, texts, writes, classes } = asked;
  const question = { ...folders, programs, base: model.folder, texts, ...(writes ? { maxTokens: MOST } : { classes }) };
  const script = fileURLToPath(new URL('peers/same_answers.py', import.meta.url));
  const stdio = ['pipe', 'pipe', 'ignore'] as const;
  return JSON.parse(
    execFileSync(python, [script], { input: JSON.stringify(question), encoding: 'utf8', stdio: [...stdio] }),
  );
}

/** Labels as `predict` gives them, of a run or an export. */
async function predicted(folder: string): Promise<(string | undefined)[]> {
  const labels: (string | undefined)[] = [];
  const inputs = examples.map(({ input: [only] }, i) => ({ line: i + 1, text: only!.text }));
  for await (const { label } of runPredictJob(folder, inputs)) labels.push(label);
  return labels;
}

const likeliest = (row: readonly number[]) => row.indexOf(Math.max(...row));
const logSoftmax = (row: readonly number[]) => {
  const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return row.map(logit => logit - total);
};

/** How many rows another program answers otherwise, and of an encoder how far its numbers are from ours. */
function difference(answers: Answers, { ours, writes, model }: Asked, areScores: boolean): string {
  const { padId, endId } = model.tokenizer;
  const said = (ids: readonly number[]) => ids.slice(0, ids.indexOf(endId) >>> 0).filter(id => id !== padId);
  const own = areScores ? ours.map(logSoftmax) : ours;
  if (answers.length !== own.length) return `${answers.length} answers`;
  const unlike = (row: readonly number[], i: number) =>
    writes ? said(row).join() !== said(own[i]!).join() : likeliest(row) !== likeliest(own[i]!);
  const rows = `${answers.filter(unlike).length} of ${answers.length} rows answered otherwise`;
  if (writes) return rows;
  const gaps = answers.flatMap((row, i) => row.map((number, k) => Math.abs(number - own[i]![k]!)));
  return `${rows}; ${areScores ? 'log-probabilities' : 'logits'} within ${Math.max(...gaps).toExponential(1)}`;
}

async function compare(name: string): Promise<void> {
  const asked = await prepare(name);
  console.log(`\n${basename(name)}, LoRA, ${values.steps} steps, ${asked.texts.length} rows of SST-2:`);
  const labels = await predicted(asked.run);
  const counts = [...Map.groupBy(labels, label => label ?? 'none')].map(([label, rows]) => `${rows.length} ${label}`);
  console.log(`  ${'the run itself'.padEnd(26)}${counts.join(', ')}`);
  for (const form of ['onnx', 'safetensors']) {
    const others = (await predicted(asked.folders[form]!)).filter((label, i) => label !== labels[i]);
    console.log(`  ${`predict, ${form}`.padEnd(26)}${others.length} of ${labels.length} rows answered otherwise`);
  }
  const outcomes: Record<string, Outcome> = {
    'transformers.js, Node': await inNode(asked),
    'transformers.js, Chromium': await inChromium(asked),
    ...inPython(process.env.S3DELTA_PYTHON, ['onnxruntime', 'transformers', 'PEFT'], asked),
    ...inPython(process.env.S3DELTA_OPTIMUM, ['Optimum'], asked),
  };
  for (const [program, outcome] of Object.entries(outcomes)) {
    const areScores = program.endsWith('Chromium') && !asked.writes;
    const told = 'missing' in outcome ? outcome.missing : difference(outcome as Answers, asked, areScores);
    console.log(`  ${program.padEnd(26)}${told}`);
  }
}

await compare(values.writer!);
if (existsSync(values.reader!)) await compare(values.reader!);
else console.log(`\n${values.reader}: no such folder; tools/backbones makes it`);
