// What a predictor adds to the model's own runs, what asking together gains, and whether memory stays: ratios, measured
// in one process, so that they hold on a busy machine too.  node bench/predictor.ts [MODEL] [REQUESTS]
import { setImmediate as turn } from 'node:timers/promises';
import { InferenceSession } from 'onnxruntime-node';
import { manualStructure } from '../src/library/structures.ts';
import { loadModel } from '../src/models/load-model.ts';
import { createPredictor } from '../src/serve/predictor.ts';
import { keptModules } from '../src/structure/structure-file.ts';
import { loadTask } from '../src/tasks/tasks.ts';

const [name = 'mini', count = '2000'] = process.argv.slice(2);
const rounds = 9;
const concurrent = 32;

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
const model = await (await loadModel(name)).forTask(task);
const structure = manualStructure(model, 'lora');
const program = await model.compile(keptModules(structure, model));
const delta = program.initialDelta(1);
await program.release();
const predictor = await createPredictor({ model, task, tuned: { structure, delta } });

const words = 'a film that is long and slow but never dull with a cast of friends who mean every word of it'.split(' ');
const sentenceOf = (i: number) =>
  Array.from({ length: 8 + (i % 12) }, (_, place) => words[(7 * i + 3 * place) % words.length]).join(' ');
const ask = (i: number) => predictor.predict({ sentence: sentenceOf(i) });

async function timed(work: () => Promise<unknown>): Promise<{ all: number; inRuns: number }> {
  const [started, before] = [performance.now(), running];
  await work();
  return { all: performance.now() - started, inRuns: running - before };
}

async function oneByOne(): Promise<void> {
  for (let i = 0; i < concurrent * 2; i++) await ask(i);
}

/** So many clients, each of which asks again when it is answered. */
async function together(): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < concurrent * 2) await ask(next++);
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
  const all = await timed(together);
  overhead!.push(alone.all / alone.inRuns);
  gain!.push(alone.all / all.all);
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
await predictor.close();
