import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModel } from '../../src/models/load-model.ts';
import { tableLines } from '../../src/report/table.ts';
import { countOf } from '../counts.ts';
import { type Stepper, startStepper } from '../process.ts';
import { type T5Shape, writeRandomT5 } from '../random-t5.ts';
import { axes, basePoint, type Point } from './axes.ts';
import { type Counted, countPoint } from './counted.ts';
import { type MeasuredPoint, pictures } from './pictures.ts';
import { straightLine } from './straight-line.ts';

const HELP = `node bench/cost/main.ts [--axes layers,width,length,batch,modules] [--repetitions 4] [--out FOLDER]

How time and memory of one loss with its gradients over the mixed space grow, one axis at a time, on random-weight T5s. Every point
is a process of its own and takes its steps in turn with the base point's (${JSON.stringify(basePoint)}); its time is
given in units of the base point's over the same turns. It is the processor's time of one thread, so that other programs on the machine
hardly change it. Prints a table an axis; with --out also writes a JSON file and two pictures of each.`;

const { values: flags } = parseArgs({
  options: {
    axes: { type: 'string', default: Object.keys(axes).join(',') },
    repetitions: { type: 'string', default: '4' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}
const asked = flags.axes.split(',');
const unknown = asked.find(axis => !Object.hasOwn(axes, axis));
if (unknown !== undefined) {
  console.error(`error: no axis is named ${unknown}\n→ use some of: ${Object.keys(axes).join(', ')}`);
  process.exit(2);
}
const repetitions = countOf(flags, 'repetitions');
const tokenizerFolder = `${process.env.S3DELTA_SHARED ?? '../shared'}/tokenizer`;
const worker = fileURLToPath(new URL('../worker.ts', import.meta.url));

const shapeOf = ({ layers, width }: Point): T5Shape => ({
  ...{ d_model: width, d_ff: 4 * width, d_kv: 64, num_heads: width / 64, num_layers: layers },
});

interface Started {
  readonly stepper: Stepper;
  readonly counted: Counted;
}

async function start(point: Point): Promise<Started> {
  const folder = await writeRandomT5(`cost-${point.layers}-${point.width}`, shapeOf(point), tokenizerFolder);
  const args = [worker, 'costPoint', folder, JSON.stringify({ threads: 1 }), JSON.stringify(point)];
  return {
    stepper: await startStepper('point', process.execPath, args),
    counted: countPoint(await loadModel(folder), point),
  };
}

/** A point's steps and the base point's by turns: the machine's drift changes both, its noise only adds time. */
async function measure(axis: keyof Point, value: number, base: Started): Promise<MeasuredPoint> {
  const point = { ...basePoint, [axis]: value };
  const { stepper, counted } = await start(point);
  const [own, meanwhile]: [number[], number[]] = [[], []];
  let peakBytes = stepper.startBytes;
  for (let turn = 0; turn < repetitions; turn++) {
    meanwhile.push((await base.stepper.step()).processorSeconds!);
    const step = await stepper.step();
    own.push(step.processorSeconds!);
    peakBytes = step.peakBytes;
  }
  stepper.stop();
  const seconds = Math.min(...own);
  return {
    x: axis === 'modules' ? counted.modules : value,
    seconds,
    time: seconds / Math.min(...meanwhile),
    products: counted.flops / base.counted.flops,
    nodes: counted.nodes,
    runs: counted.runs,
    peakBytes,
  };
}

function print(axis: string, points: readonly MeasuredPoint[]): void {
  const header = [axis, 'seconds', 'of the base', 'products', 'nodes', 'runs', 'peak MB'];
  const rows = points.map(({ x, seconds, time, products, nodes, runs, peakBytes }) =>
    [x, seconds.toFixed(3), time.toFixed(2), products.toFixed(2), nodes, runs, Math.round(peakBytes / 1e6)].map(String),
  );
  console.log(['', ...tableLines({ header, rows })].join('\n'));
  const off = (y: (point: MeasuredPoint) => number) =>
    `${(100 * straightLine(points.map(point => ({ x: point.x, y: y(point) }))).deviation).toFixed(0)} %`;
  console.log(
    `off a straight line by at most: time ${off(p => p.time)}, products ${off(p => p.products)}, memory ${off(p => p.peakBytes)}`,
  );
}

const machine = { cpu: cpus()[0]?.model, node: process.version };
const base = await start(basePoint);
for (const axis of asked as (keyof Point)[]) {
  const points: MeasuredPoint[] = [];
  for (const value of axes[axis]) points.push(await measure(axis, value, base));
  print(axis, points);
  if (flags.out === undefined) continue;
  await mkdir(flags.out, { recursive: true });
  const json = JSON.stringify({ axis, machine, basePoint, repetitions, points }, null, 1);
  for (const [file, content] of Object.entries({ [`${axis}.json`]: `${json}\n`, ...pictures(axis, points) }))
    await writeFile(join(flags.out, file), content);
}
base.stepper.stop();
