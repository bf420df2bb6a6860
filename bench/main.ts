import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { loadModel } from '../src/models/load-model.ts';
import { deviceNames } from '../src/runtime/device.ts';
import { hasExactInt8Products } from '../src/runtime/probe-device.ts';
import { productFlops } from '../src/runtime/program-graphs.ts';
import { listManualModules } from '../src/structure/built-in-methods.ts';
import { countOf } from './counts.ts';
import { benchModel, benchModelNames } from './models.ts';
import { type Stepper, startPeer, startScenario, type Timing } from './process.ts';
import { longestTarget, readRows, TASK_ROWS, taskRows } from './rows.ts';
import { MATMUL_SIZE, ROWS, rowScenarios, SOURCE, scenarios, TARGET } from './scenarios.ts';

const HELP = `npm run bench -- [--models t5-small,t5-base] [--tasks rte,multirc] [--repetitions 5] [--only NAMES] [--threads N]
                [--device cpu|webgpu|cuda] [--peer-device cpu|cuda] [--clock wall|processor] [--json]

Times forward, a delta-training step (LoRA r=8 on q,v), a re-training step of a random structure at 1.39 ‱ with
a module on the first norm, one loss with gradients over the mixed space, and search steps, on random-weight T5s or
fetched encoders (minilm, mpnet, bge-small: tools/backbones), batch ${ROWS} × ${SOURCE}, float32,
on the CPU or on --device (the peers on --peer-device, on cuda PEFT's step compiled as well; memory is the process's, not the card's);
on a CPU with instructions for 8-bit integers the LoRA step, the first-order search step and all of --tasks also with --precision int8.
Every program takes its steps in turn with the re-training, on the same cores, a step of it and then re-training steps for as long. Its
time in units of the re-training step is the ratio of the minima of those turns (the machine's noise only adds time), and all ratios
are of times in that unit, so that a machine that drifts over minutes, or slows down under a long load, does not change them.
--clock processor takes the time of the processor in place of that on the wall, with --threads 1 for a machine that has other work.
--only times the named programs alone, beside the peers they are compared with: ${Object.keys(scenarios).join(', ')}.
--tasks also times LoRA training and greedy answers, of an encoder its classes, over ${TASK_ROWS} training rows of these tasks,
at their real lengths.
S3DELTA_PYTHON=python  also times the peers of bench/peers (PyTorch, transformers, peft).`;

interface Row {
  readonly name: string;
  readonly minimum: number;
  readonly median: number;
  /** The minimum in units of the re-training step's, both over the turns that they took together. */
  readonly relative: number;
  readonly peakBytes: number;
  readonly startSeconds: number;
}

const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 't5-small,t5-base' },
    tasks: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    repetitions: { type: 'string', default: '5' },
    threads: { type: 'string', default: String(availableParallelism()) },
    device: { type: 'string', default: 'cpu' },
    'peer-device': { type: 'string', default: 'cpu' },
    clock: { type: 'string', default: 'wall' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}

const threads = countOf(flags, 'threads');
const repetitions = countOf(flags, 'repetitions');
const device = deviceNames.find(name => name === flags.device);
if (device === undefined) {
  console.error(`error: no device is named ${flags.device}\n→ use one of: ${deviceNames.join(', ')}`);
  process.exit(2);
}
const settings = { device, threads };
const tasks = flags.tasks.split(',').filter(Boolean);
const only = flags.only.split(',').filter(Boolean);
const python = process.env.S3DELTA_PYTHON;
const peerDevice = flags['peer-device'];
if (peerDevice !== 'cpu' && peerDevice !== 'cuda') {
  console.error(`error: the peers have no device named ${peerDevice}\n→ use one of: cpu, cuda`);
  process.exit(2);
}
const { clock } = flags;
if (clock !== 'wall' && clock !== 'processor') {
  console.error(`error: no clock is named ${clock}\n→ use one of: wall, processor`);
  process.exit(2);
}
const log = (text: string) => process.stderr.write(`${text}\n`);
const shared = process.env.S3DELTA_SHARED ?? '../shared';

const REFERENCE = 'retrain';

async function timed({ step }: Stepper): Promise<Timing> {
  const timing = await step();
  return clock === 'wall' ? timing : { ...timing, seconds: timing.processorSeconds };
}

/** Steps until they have lasted `seconds` together, at least one; gives their mean. */
async function turn(stepper: Stepper, seconds: number): Promise<Timing> {
  let [steps, total, peakBytes, processorSeconds] = [0, 0, 0, 0];
  do {
    const step = await timed(stepper);
    steps += 1;
    total += step.seconds;
    peakBytes = step.peakBytes;
    processorSeconds += step.processorSeconds;
  } while (total < 0.9 * seconds);
  return { seconds: total / steps, processorSeconds: processorSeconds / steps, peakBytes };
}

/**
 * Every program in a process of its own beside the reference's, a step of one and then as long a turn of the other: a machine
 * that gives less the longer it is asked gives both the same.
 */
async function measure(
  startReference: () => Promise<Stepper>,
  starters: readonly (() => Promise<Stepper>)[],
  repetitions: number,
): Promise<Map<string, Row>> {
  const reference = await startReference();
  const rows = new Map<string, Row>();
  const ofReference: Timing[] = [];
  for (const start of starters) {
    const stepper = await start();
    const [taken, meanwhile]: [Timing[], Timing[]] = [[], []];
    for (let i = 0; i < repetitions; i++) {
      const step = await timed(stepper);
      taken.push(step);
      meanwhile.push(await turn(reference, step.seconds));
    }
    stepper.stop();
    ofReference.push(...meanwhile);
    rows.set(stepper.name, rowOf(stepper, taken, meanwhile));
    const seconds = (timings: readonly Timing[]) => timings.map(timing => timing.seconds.toFixed(2)).join('  ');
    log(`  ${stepper.name.padEnd(16)} ${seconds(taken)} s  (re-training ${seconds(meanwhile)})`);
  }
  reference.stop();
  return rows.set(REFERENCE, rowOf(reference, ofReference, ofReference));
}

function rowOf({ name, startSeconds }: Stepper, taken: readonly Timing[], meanwhile: readonly Timing[]): Row {
  const [own, others] = [taken, meanwhile].map(timings => timings.map(({ seconds }) => seconds).sort((a, b) => a - b));
  return {
    name,
    minimum: own![0]!,
    median: own![Math.floor(own!.length / 2)]!,
    relative: own![0]! / others![0]!,
    peakBytes: Math.max(...taken.map(({ peakBytes }) => peakBytes)),
    startSeconds,
  };
}

/** Operations of one delta-training step's matrix products. */
async function usefulFlops(folder: string): Promise<number> {
  const model = await loadModel(folder);
  const { training, extents } = model.graphs(listManualModules(model.sites, 'lora'));
  return productFlops(training, extents({ rows: ROWS, source: SOURCE, target: TARGET }));
}

/** The numbers other programs rely on; `undefined` where the peer did not run. An epoch of search has half the steps. */
function ratiosOf(rows: ReadonlyMap<string, Row>, flops: number): Record<string, number | undefined> {
  const time = (name: string) => rows.get(name)?.relative ?? Number.NaN;
  const memory = (name: string) => rows.get(name)?.peakBytes ?? Number.NaN;
  const [m, k, n] = MATMUL_SIZE;
  const all = {
    searchOverRetrainSecondOrder: (0.5 * time('searchSecond')) / time('retrain'),
    searchOverRetrainOneSided: (0.5 * time('searchOneSided')) / time('retrain'),
    searchOverRetrainFirstOrder: (0.5 * time('searchFirst')) / time('retrain'),
    searchMemoryOverRetrain: memory('searchSecond') / memory('retrain'),
    mixedOverLora: time('mixed') / time('lora'),
    loraInt8OverFloat32: time('loraInt8') / time('lora'),
    searchInt8OverFloat32: time('searchFirstInt8') / time('searchFirst'),
    memoryInt8OverFloat32: memory('loraInt8') / memory('lora'),
    stepOverPeft: time('peft') / time('lora'),
    stepOverPeftCompiled: time('peftCompiled') / time('lora'),
    memoryOverPeft: memory('lora') / memory('peft'),
    searchOverPytorch: time('pytorchSecond') / time('searchSecond'),
    searchOneSidedOverPytorch: time('pytorchSecond') / time('searchOneSided'),
    matrixProductShare: (flops / (2 * m * k * n)) * (time('matmul') / time('lora')),
  };
  const ofTasks = Object.fromEntries(
    tasks.flatMap(task => [
      [`stepOverPeft ${task}`, time(`peft ${task}`) / time(`loraRows ${task}`)],
      [`loraInt8OverFloat32 ${task}`, time(`loraRowsInt8 ${task}`) / time(`loraRows ${task}`)],
      [`predictionOverPipeline ${task}`, time(`pipeline ${task}`) / time(`answerRows ${task}`)],
      [`answersOverHuggingFace ${task}`, time(`generate ${task}`) / time(`generateRows ${task}`)],
      [`answersInt8OverFloat32 ${task}`, time(`generateRowsInt8 ${task}`) / time(`generateRows ${task}`)],
    ]),
  );
  return Object.fromEntries(
    Object.entries({ ...all, ...ofTasks }).map(([name, ratio]) => [name, Number.isNaN(ratio) ? undefined : ratio]),
  );
}

const models = flags.models.split(',');
for (const model of models) {
  if (benchModelNames.includes(model)) continue;
  log(`error: no model is named ${model}\n→ use some of: ${benchModelNames.join(', ')}`);
  process.exit(2);
}
// A model refuses int8 elsewhere, and the bench would end in the middle.
const takesInt8 = device === 'cpu' && (await hasExactInt8Products());
const possible = (names: readonly string[]) => names.filter(name => takesInt8 || !name.endsWith('Int8'));
const computed = possible(Object.keys(scenarios));
const unknown = only.find(name => !computed.includes(name));
if (unknown !== undefined) {
  log(`error: no program here is named ${unknown}\n→ use some of: ${computed.join(', ')}`);
  process.exit(2);
}
const results: Record<string, { rows: Row[]; ratios: Record<string, number | undefined> }> = {};
for (const model of models) {
  const known = await benchModel(model, shared);
  const { folder, peer: peerModel, writes } = known;
  const answers = writes ? `target ${TARGET}` : 'two classes';
  log(`${model}, ${ROWS} × ${SOURCE}, ${answers}, ${device}, ${threads} threads`);
  const names = computed.filter(name => name !== REFERENCE && (only.length === 0 || only.includes(name)));
  const starters = names.map(name => () => startScenario(name, folder, settings));
  if (python) {
    const there = ['--device', peerDevice];
    const peer = (name: string, script: string, ...more: string[]) =>
      starters.push(() => startPeer(python, name, script, peerModel, threads, ...there, ...more));
    if (names.includes('lora')) {
      peer('peft', 'peft_step.py');
      if (peerDevice === 'cuda') peer('peftCompiled', 'peft_step.py', '--compile');
    }
    if (names.some(name => name.startsWith('search'))) peer('pytorchSecond', 'search_step.py', '--order', 'second');
  }
  for (const task of tasks) {
    const rows = { task, file: await taskRows(task, known, shared) };
    for (const name of possible(Object.keys(rowScenarios[writes ? 'writing' : 'choosing'])))
      starters.push(() => startScenario(name, folder, settings, rows));
    if (!python) continue;
    const given = ['--rows', rows.file, '--device', peerDevice];
    starters.push(() => startPeer(python, `peft ${task}`, 'peft_step.py', peerModel, threads, ...given));
    if (writes) {
      const answer = ['--answer', String(longestTarget(await readRows(rows.file)))];
      starters.push(() =>
        startPeer(python, `generate ${task}`, 'generate.py', peerModel, threads, ...given, ...answer),
      );
    } else starters.push(() => startPeer(python, `pipeline ${task}`, 'classify.py', peerModel, threads, ...given));
  }
  const startReference = () => startScenario(REFERENCE, folder, settings);
  const rows = await measure(startReference, starters, repetitions);
  results[model] = { rows: [...rows.values()], ratios: ratiosOf(rows, await usefulFlops(folder)) };
}

const machine = {
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  node: process.version,
};
// The last model's ratios stand at the top: it is the largest, and the one that promises are made about.
const { ratios } = results[models.at(-1)!]!;
if (flags.json) console.log(JSON.stringify({ machine, device, threads, ratios, models: results }, null, 2));
else {
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);
  for (const [model, { rows, ratios: own }] of Object.entries(results)) {
    console.log(`\n${model.padEnd(16)} min s   median s   peak GiB   start s`);
    for (const { name, minimum, median, peakBytes, startSeconds } of rows) {
      const cells = [minimum.toFixed(2), median.toFixed(2), (peakBytes / 2 ** 30).toFixed(2), startSeconds.toFixed(1)];
      console.log(`${name.padEnd(16)}${cells.map(cell => cell.padStart(8)).join('  ')}`);
    }
    for (const [name, ratio] of Object.entries(own))
      console.log(`${name.padEnd(32)} ${ratio?.toFixed(2) ?? 'not measured'}`);
  }
}
