import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Settings } from '../src/config/settings.ts';
import { prepare } from '../src/jobs/prepare.ts';
import { runToEnd } from '../src/library/run-to-end.ts';
import { searchStructure } from '../src/library/search-structure.ts';
import { drawStructure } from '../src/library/structures.ts';
import { tune } from '../src/library/tune.ts';
import { type Plan, planSearch } from '../src/plan/plan.ts';
import { startPeakMemory } from '../src/runs/stage-memory.ts';
import { benchFolder, randomT5, type T5Size } from './random-t5.ts';

const HELP = `node bench/plan-accuracy.ts [--models t5-small,t5-base] [--batches 16,4] [--lengths 128,64] [--precision int8] [--json]

Holds the plan to what is then measured: memory and time of search and re-training on RTE, on random-weight T5s, each
stage in a process of its own. Deviations beyond 15 % of memory or 25 % of time are marked.`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string', default: 't5-small,t5-base' },
    batches: { type: 'string', default: '16' },
    lengths: { type: 'string', default: '128' },
    precision: { type: 'string', default: 'float32' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const shared = process.env.S3DELTA_SHARED ?? '../shared';
const MEMORY_TOLERANCE = 0.15;
const TIME_TOLERANCE = 0.25;

interface Accuracy {
  readonly stage: string;
  readonly predictedBytes: number;
  readonly measuredBytes: number;
  readonly predictedSeconds: number;
  readonly measuredSeconds: number;
}

/** Runs one stage for a few steps and compares it with its plan. */
async function measure(stage: string, settings: Settings, planned: Plan): Promise<Accuracy> {
  const prepared = await prepare(settings, {});
  const { model, data } = prepared;
  const { settings: resolved } = prepared.config;
  const memory = startPeakMemory();
  const result = await (stage === 'search'
    ? runToEnd(searchStructure(model, data, resolved))
    : runToEnd(tune(model, drawStructure(model, resolved), data, resolved)));
  const expected = planned.stages.find(each => each.stage === stage)!;
  return {
    stage,
    predictedBytes: expected.peakBytes,
    measuredBytes: memory.stop(),
    predictedSeconds: expected.seconds!,
    measuredSeconds: result.seconds,
  };
}

async function plan(settings: Settings): Promise<Plan> {
  const { model, data, config } = await prepare(settings, {});
  return planSearch(model, data, config.settings);
}

/** This file again, in a process of its own, so that nothing is left over in its memory. */
function inOwnProcess<Result>(...args: readonly string[]): Result {
  const self = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync(process.execPath, [self, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, S3DELTA_CACHE: benchFolder },
  });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}`);
  return JSON.parse(stdout) as Result;
}

function deviation(predicted: number, measured: number, tolerance: number): string {
  const relative = predicted / measured - 1;
  const mark = Math.abs(relative) > tolerance ? ' !' : '';
  return `${relative >= 0 ? '+' : ''}${(100 * relative).toFixed(0)} %${mark}`;
}

function describe({ stage, ...numbers }: Accuracy): string {
  const { predictedBytes, measuredBytes, predictedSeconds, measuredSeconds } = numbers;
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return [
    stage.padEnd(8),
    `memory ${mega(predictedBytes)} planned, ${mega(measuredBytes)} measured`,
    deviation(predictedBytes, measuredBytes, MEMORY_TOLERANCE).padEnd(8),
    `time ${predictedSeconds.toFixed(1)} s planned, ${measuredSeconds.toFixed(1)} s measured`,
    deviation(predictedSeconds, measuredSeconds, TIME_TOLERANCE),
  ].join('  ');
}

const [task, ...given] = positionals.map(text => (text === 'plan' || text === 'measure' ? text : JSON.parse(text)));
if (flags.help) console.log(HELP);
else if (task === 'plan') console.log(JSON.stringify(await plan(given[0])));
else if (task === 'measure') console.log(JSON.stringify(await measure(given[0], given[1], given[2])));
else {
  const results: (Accuracy & { model: string; batch: number; length: number })[] = [];
  for (const model of flags.models.split(',')) {
    const folder = await randomT5(model as T5Size, `${shared}/tokenizer`);
    for (const batch of flags.batches.split(',').map(Number)) {
      for (const length of flags.lengths.split(',').map(Number)) {
        const settings = {
          ...{ model: folder, task: 'rte', data: `${shared}/data`, budget: '1.39bp' },
          ...{ 'batch-size': batch, 'max-length': length, precision: flags.precision as Settings['precision'] },
          ...{ 'max-steps': 4, 'eval-every': 4, 'retrain-eval-every': 4, 'max-validation': 2 * batch, 'max-test': 16 },
        };
        const planned = inOwnProcess<Plan>('plan', JSON.stringify(settings));
        for (const stage of ['search', 'retrain']) {
          const [text, all] = [JSON.stringify(settings), JSON.stringify(planned)];
          const found = inOwnProcess<Accuracy>('measure', JSON.stringify(stage), text, all);
          results.push({ model, batch, length, ...found });
          if (!flags.json) console.log(`${model} ${batch} × ${length}  ${describe(found)}`);
        }
      }
    }
  }
  if (flags.json) console.log(JSON.stringify(results, null, 2));
}
