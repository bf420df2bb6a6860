import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModel } from '../../src/models/load-model.ts';
import { curvesSvg } from '../../src/report/pictures/curve-svg.ts';
import { tableLines } from '../../src/report/table.ts';
import { type BiLevelOrder, mixedDerivatives } from '../../src/search/strategies/bilevel/step-orders.ts';
import { startStepper } from '../process.ts';
import { randomT5, T5_SHAPES, type T5Size } from '../random-t5.ts';
import { type MemoryOptions, ROWS, SOURCE } from '../scenarios.ts';
import { planSearchSteps } from './counted.ts';

const HELP = `node bench/cost/memory.ts [--model t5-base] [--order second] [--measure] [--out FOLDER]

Planned peak memory of search steps over the mixed space against batch and source length, with each option taken, around
batch ${ROWS} × ${SOURCE}. With --measure some of the points are also run, each in a process of its own; with --out a JSON file
and two pictures are written.`;

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 't5-base' },
    order: { type: 'string', default: 'second' },
    measure: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}

const orders = Object.keys(mixedDerivatives);
if (!Object.hasOwn(T5_SHAPES, flags.model) || !orders.includes(flags.order)) {
  const shapes = Object.keys(T5_SHAPES).join(', ');
  console.error(
    `error: --model ${flags.model} --order ${flags.order}\n→ models: ${shapes}; orders: ${orders.join(', ')}`,
  );
  process.exit(2);
}

const OPTIONS: Readonly<Record<string, MemoryOptions>> = {
  'no option': {},
  '--micro-batch 4': { microBatch: 4 },
  '--no-prepack': { prepack: false },
  '--recompute': { recompute: true },
  '--no-prepack --recompute': { prepack: false, recompute: true },
  'all three': { microBatch: 4, prepack: false, recompute: true },
};
const AXES = { batch: [2, 4, 8, 16, 32, 64], length: [32, 64, 128, 256, 512] } as const;
/** What is run where no option is pulled. */
const MEASURED = { batch: [4, 16, 32], length: [256] } as const;
type Axis = keyof typeof AXES;

const order = flags.order as BiLevelOrder;
const processBytes = process.memoryUsage.rss();
const folder = await randomT5(flags.model as T5Size, `${process.env.S3DELTA_SHARED ?? '../shared'}/tokenizer`);
const model = await loadModel(folder);
const at = (axis: Axis, value: number) => ({ batch: ROWS, length: SOURCE, [axis]: value });

/** Peak memory of a process that has taken one step. */
async function measure(work: object): Promise<number> {
  const worker = fileURLToPath(new URL('../worker.ts', import.meta.url));
  const args = [
    worker,
    'searchWork',
    folder,
    JSON.stringify({ threads: availableParallelism() }),
    JSON.stringify(work),
  ];
  const stepper = await startStepper('searchWork', process.execPath, args);
  stepper.stop();
  return stepper.startBytes;
}

interface Row {
  readonly options: string;
  readonly batch: number;
  readonly length: number;
  readonly plannedBytes: number;
  readonly measuredBytes?: number;
}

/** With an option only the middle is run. */
const isMeasured = (axis: Axis, value: number, options: string) =>
  options === 'no option' ? (MEASURED[axis] as readonly number[]).includes(value) : axis === 'batch' && value === ROWS;

async function curves(axis: Axis): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, options] of Object.entries(OPTIONS)) {
    const plan = planSearchSteps(model, order, options, processBytes);
    for (const value of AXES[axis]) {
      const size = at(axis, value);
      const row = { options: name, ...size, plannedBytes: plan(size.batch, size.length) };
      const isRun = flags.measure && isMeasured(axis, value, name);
      rows.push(isRun ? { ...row, measuredBytes: await measure({ order, ...size, ...options }) } : row);
    }
  }
  return rows;
}

const GIGABYTE = 1e9;

function print(axis: Axis, rows: readonly Row[]): void {
  const text = ({ plannedBytes, measuredBytes }: Row) =>
    [plannedBytes, ...(measuredBytes === undefined ? [] : [measuredBytes])]
      .map(bytes => (bytes / GIGABYTE).toFixed(2))
      .join(' / ');
  const lines = Object.keys(OPTIONS).map(name => [name, ...rows.filter(row => row.options === name).map(text)]);
  console.log(`\n${flags.model}, GB planned${flags.measure ? ' / measured' : ''}`);
  console.log(tableLines({ header: [axis, ...AXES[axis].map(String)], rows: lines }).join('\n'));
}

const picture = (axis: Axis, rows: readonly Row[]): string =>
  curvesSvg(
    `peak memory of ${flags.model} against ${axis}, GB`,
    Object.keys(OPTIONS).map(name => ({
      name: `${name}, planned`,
      points: rows
        .filter(({ options }) => options === name)
        .map(row => ({ step: row[axis], value: row.plannedBytes / GIGABYTE })),
    })),
    axis,
  );

const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
for (const axis of Object.keys(AXES) as Axis[]) {
  const rows = await curves(axis);
  print(axis, rows);
  if (flags.out === undefined) continue;
  await mkdir(flags.out, { recursive: true });
  const name = join(flags.out, `memory-${flags.model}-${axis}`);
  await writeFile(`${name}.json`, `${JSON.stringify({ machine, model: flags.model, order, rows }, null, 1)}\n`);
  await writeFile(`${name}.svg`, picture(axis, rows));
}
