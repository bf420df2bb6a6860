// What a predictor adds to the model's own runs, what asking together gains, whether memory stays, and how long
// transformers.js takes on the same export: ratios, measured in one process and in turn, so that they hold on a busy
// machine too.  node bench/predictor.ts [MODEL|t5-small] [REQUESTS]
import { loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { env, pipeline } from '@huggingface/transformers';
import { InferenceSession } from 'onnxruntime-node';
import { exportModel } from '../src/library/export-model.ts';
import { manualStructure } from '../src/library/structures.ts';
import { loadModel } from '../src/models/load-model.ts';
import { createPredictor, type Predictor } from '../src/serve/predictor.ts';
import { keptModules } from '../src/structure/structure-file.ts';
import { loadTask } from '../src/tasks/tasks.ts';
import { benchFolder, isT5Size, randomT5 } from './random-t5.ts';

const [name = 'mini', count = '2000'] = process.argv.slice(2);
const rounds = 9;
const concurrent = 32;
/** How many times as many are asked by clients together as one by one: for about as long, and not only at a start. */
const lasting = 4;
const tokenizer = join(import.meta.dirname, '..', 'models', 'mini');

/** Milliseconds in which sessions were at work, since the process began. */
let running = 0;
const { prototype } = InferenceSession as unknown as { prototype: InferenceSession };
const run = prototype.run;
prototype.run = async function (this: InferenceSession, ...given: Parameters<typeof run>) {
  const started = performance.now();
  const outputs = await run.apply(this, given);
  running += performance.now() - started;
  return outputs;
} as typeof run;

const task = await loadTask('sst2');
const model = await (await loadModel(isT5Size(name) ? await randomT5(name, tokenizer) : name)).forTask(task);
const structure = manualStructure(model, 'lora');
const program = await model.compile(keptModules(structure, model));
const delta = program.initialDelta(1);
await program.release();
const predictor = await createPredictor({ model, task, tuned: { structure, delta } });

const words = 'a film that is long and slow but never dull with a cast of friends who mean every word of it'.split(' ');
const sentenceOf = (i: number) =>
  Array.from({ length: 8 + (i % 12) }, (_, place) => words[(7 * i + 3 * place) % words.length]).join(' ');
const ask = (i: number, of: Predictor = predictor) => of.predict({ sentence: sentenceOf(i) });

async function timed(work: () => Promise<unknown>): Promise<{ all: number; inRuns: number }> {
  const [started, before] = [performance.now(), running];
  await work();
  return { all: performance.now() - started, inRuns: running - before };
}

async function oneByOne(of = predictor): Promise<void> {
  for (let i = 0; i < concurrent * 2; i++) await ask(i, of);
}

/** So many clients, each of which asks again when it is answered. */
async function together(of = predictor, requests = concurrent * 2): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < requests) await ask(next++, of);
  };
  await Promise.all(Array.from({ length: concurrent }, client));
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const range = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;

await oneByOne();
await together();
const [overhead, gain, one]: number[][] = [[], [], []];
for (let round = 0; round < rounds; round++) {
  const alone = await timed(oneByOne);
  const all = await timed(() => together(predictor, concurrent * 2 * lasting));
  overhead!.push(alone.all / alone.inRuns);
  gain!.push((alone.all * lasting) / all.all);
  one!.push(alone.all / (concurrent * 2));
}
console.log(`${name}, LoRA, SST-2's form, medians of ${rounds} rounds in turn, and their range`);
console.log(`a request over the sessions' runs for it: ${range(overhead!)}`);
console.log(`${concurrent} at once over one at a time: ${range(gain!)} times as many a second`);
console.log(`one request takes ${range(one!)} ms here`);

const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
const memory: number[] = [];
for (let i = 0; i < Number(count); i++) {
  await ask(i);
  if (i % 50 === 0) await turn();
  if ((i + 1) % (Number(count) / 8) === 0) memory.push(megabytes());
}
console.log(`resident memory over ${count} requests: ${memory.map(each => each.toFixed(0)).join(', ')} MiB`);
const sources = await Promise.all(
  Array.from({ length: concurrent * 2 }, (_, i) => ask(i)).map(async answer => (await answer).source),
);
await predictor.close();

// An answer of ours is the label with the larger probability; theirs is written, a token at a time.
const out = join(benchFolder, `predictor-${basename(name)}`);
await exportModel(model, { structure, delta }, { format: 'onnx', out, task });
const ours = await createPredictor(out);
Object.assign(env, { localModelPath: dirname(out), allowRemoteModels: false });
const theirs = await pipeline('text2text-generation', basename(out), { dtype: 'fp32', device: 'cpu' });
const longestAnswer = { max_new_tokens: 3 };
const [single, batched]: number[][] = [[], []];
const theirTurns = {
  oneByOne: async () => {
    for (const source of sources) await theirs(source, longestAnswer);
  },
  together: async () => {
    for (const half of [sources.slice(0, concurrent), sources.slice(concurrent)]) await theirs(half, longestAnswer);
  },
};
for (let round = -1; round < rounds; round++) {
  const ratio = async (of: () => Promise<void>, to: () => Promise<void>) => {
    const us = await timed(of);
    return (await timed(to)).all / us.all;
  };
  const alone = await ratio(() => oneByOne(ours), theirTurns.oneByOne);
  const all = await ratio(() => together(ours), theirTurns.together);
  // The first round is to warm up.
  if (round >= 0) {
    single!.push(alone);
    batched!.push(all);
  }
}
console.log(`transformers.js on the same export takes ${range(single!)} times as long for one text after the other,`);
console.log(`and ${range(batched!)} times as long for ${concurrent} together (here clients, there a list)`);
console.log(
  `load of the machine: ${loadavg()
    .map(each => each.toFixed(1))
    .join(', ')}`,
);
await ours.close();
await theirs.dispose();
