/**
 * Encoders beside transformers and PEFT: `node bench/encoders/main.ts [--plan headRates,rates,table] [--list]`, with
 * S3DELTA_SHARED and S3DELTA_PYTHON set, and the backbone there (`node tools/backbones/main.ts minilm`). Cells are
 * walked in the plan's order; a finished one is never repeated, so the command goes on after any end.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../src/files/folders.ts';
import { type EncodedTask, loadModel, loadTask, type Model } from '../../src/index.ts';
import { addResult, readResults } from '../results-file.ts';
import { type Cell, cellKey, type Finished, plans } from './cells.ts';
import { runOurs } from './run-ours.ts';
import { startTheirs } from './run-theirs.ts';
import { loadRows } from './task-rows.ts';

const { values } = parseArgs({
  options: {
    plan: { type: 'string', default: 'table' },
    backbone: { type: 'string', default: 'minilm' },
    results: { type: 'string', default: 'docs/measured/encoders.jsonl' },
    list: { type: 'boolean', default: false },
  },
});
const shared = process.env.S3DELTA_SHARED ?? '../shared';
const python = process.env.S3DELTA_PYTHON;
const THREADS = 1;

const cells = values.plan.split(',').flatMap(name => {
  const plan = plans[name];
  if (plan === undefined) throw new Error(`no plan ${name}: there are ${Object.keys(plans).join(', ')}`);
  return plan();
});
const done = () => new Set(readResults<Finished>(values.results).map(({ cell }) => cellKey(cell)));

if (values.list) {
  for (const cell of cells) console.log(done().has(cellKey(cell)) ? 'done' : 'open', cellKey(cell));
} else {
  const backbone = await loadModel(join(cacheFolder(), 'backbones', values.backbone), { threads: THREADS });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const theirs = python === undefined ? undefined : startTheirs(python, THREADS);
  let last: { readonly key: string; readonly model: Model; readonly data: EncodedTask } | undefined;

  async function placeOf({ task, seed }: Cell) {
    const key = `${task}/${seed}`;
    if (last?.key !== key) {
      const model = await backbone.forTask(await loadTask(task));
      last = { key, model, data: await loadRows(model, task, seed, shared) };
    }
    return last;
  }

  for (const cell of cells) {
    if (done().has(cellKey(cell)) || (cell.program === 'theirs' && theirs === undefined)) continue;
    const { model, data } = await placeOf(cell);
    const began = performance.now();
    const run = cell.program === 'ours' ? runOurs : theirs!.run;
    const { losses, ...outcome } = await run(model, data, cell);
    const end = losses.slice(-Math.ceil(losses.length / 10));
    const lastLoss = end.reduce((sum, loss) => sum + loss, 0) / end.length;
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    addResult(values.results, { cell, ...outcome, lastLoss, seconds, commit, finished: new Date().toISOString() });
    console.log(cellKey(cell), outcome.score.toFixed(1), lastLoss.toFixed(3), `${seconds} s`);
  }
  theirs?.stop();
}
