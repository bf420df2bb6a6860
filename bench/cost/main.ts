import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseT5Config } from '../../src/models/t5/config.ts';
import { t5Sites } from '../../src/models/t5/sites.ts';
import { curvesSvg } from '../../src/report/curve-svg.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { type Stepper, startStepper } from '../process.ts';
import { type T5Shape, writeRandomT5 } from '../random-t5.ts';
import { axes, basePoint, type Point, spread } from './axes.ts';
import { straightLine } from './straight-line.ts';

const HELP = `node bench/cost/main.ts [--axes layers,width,length,batch,modules] [--repetitions 5] [--threads N] [--out FOLDER]

How time and memory of one loss with its gradients over the mixed space grow, one axis at a time, on random-weight T5s. Every point
is a process of its own and takes its steps in turn with the base point's (${JSON.stringify(basePoint)}); its time is
given in units of the base point's over the same turns. Prints a table; with --out also writes cost.json and a picture an axis.`;

interface Measured {
  readonly x: number;
  /** Minimum over the turns. */
  readonly seconds: number;
  /** The minimum in units of the base point's. */
  readonly relative: number;
  readonly peakBytes: number;
}

const { values: flags } = parseArgs({
  options: {
    axes: { type: 'string', default: Object.keys(axes).join(',') },
    repetitions: { type: 'string', default: '5' },
    threads: { type: 'string', default: String(availableParallelism()) },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}
const threads = Number(flags.threads);
const tokenizerFolder = `${process.env.S3DELTA_SHARED ?? '../shared'}/tokenizer`;

const shapeOf = ({ layers, width }: Point): T5Shape => ({
  d_model: width,
  d_ff: 4 * width,
  d_kv: 64,
  num_heads: width / 64,
  num_layers: layers,
});

async function start(point: Point): Promise<Stepper> {
  const folder = await writeRandomT5(`cost-${point.layers}-${point.width}`, shapeOf(point), tokenizerFolder);
  const worker = fileURLToPath(new URL('../worker.ts', import.meta.url));
  return startStepper('point', process.execPath, [
    worker,
    'costPoint',
    folder,
    JSON.stringify({ threads }),
    JSON.stringify(point),
  ]);
}

/** How far along its axis a point lies; of modules, how many there are. */
function position(axis: keyof Point, point: Point): number {
  if (axis !== 'modules') return point[axis];
  const config = parseT5Config({ model_type: 't5', vocab_size: 32128, ...shapeOf(point) }, 'cost');
  return spread(listSpace(t5Sites(config), 'mixed'), point.modules).length;
}

async function measure(axis: keyof Point, base: Stepper): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const value of axes[axis]) {
    const point = { ...basePoint, [axis]: value };
    const stepper = await start(point);
    const [own, meanwhile, peaks]: [number[], number[], number[]] = [[], [], []];
    for (let turn = 0; turn < Number(flags.repetitions); turn++) {
      meanwhile.push((await base.step()).seconds);
      const { seconds, peakBytes } = await stepper.step();
      own.push(seconds);
      peaks.push(peakBytes);
    }
    stepper.stop();
    const seconds = Math.min(...own);
    const relative = seconds / Math.min(...meanwhile);
    found.push({ x: position(axis, point), seconds, relative, peakBytes: Math.max(...peaks) });
  }
  return found;
}

function picture(
  axis: string,
  quantity: string,
  points: readonly { readonly x: number; readonly y: number }[],
): string {
  const line = straightLine(points);
  const ends = [points[0]!.x, points.at(-1)!.x].map(x => ({ step: x, value: line.intercept + line.slope * x }));
  const measured = points.map(({ x, y }) => ({ step: x, value: y }));
  return curvesSvg(
    quantity,
    [
      { name: 'measured', points: measured },
      { name: 'straight line', points: ends },
    ],
    axis,
  );
}

const base = await start(basePoint);
const results: Record<string, Measured[]> = {};
for (const axis of flags.axes.split(',') as (keyof Point)[]) {
  const found = await measure(axis, base);
  results[axis] = found;
  const times = found.map(({ x, relative }) => ({ x, y: relative }));
  const peaks = found.map(({ x, peakBytes }) => ({ x, y: peakBytes / 1e6 }));
  console.log(`\n${axis.padEnd(8)} seconds  of the base  peak MB`);
  for (const { x, seconds, relative, peakBytes } of found) {
    const cells = [
      seconds.toFixed(3).padStart(7),
      relative.toFixed(2).padStart(11),
      (peakBytes / 1e6).toFixed(0).padStart(7),
    ];
    console.log(`${String(x).padEnd(8)} ${cells.join('  ')}`);
  }
  const [time, memory] = [straightLine(times), straightLine(peaks)].map(({ deviation }) =>
    (100 * deviation).toFixed(0),
  );
  console.log(`off a straight line by at most ${time} % in time, ${memory} % in memory`);
  if (flags.out === undefined) continue;
  await mkdir(flags.out, { recursive: true });
  await writeFile(
    join(flags.out, `${axis}-time.svg`),
    picture(axis, 'time of one loss with gradients, base point = 1', times),
  );
  await writeFile(join(flags.out, `${axis}-memory.svg`), picture(axis, 'peak memory of the process, MB', peaks));
}
base.stop();
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
if (flags.out !== undefined) {
  await writeFile(
    join(flags.out, 'cost.json'),
    `${JSON.stringify({ machine, threads, basePoint, results }, null, 1)}\n`,
  );
}
