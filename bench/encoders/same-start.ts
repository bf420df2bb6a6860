/**
 * The same trainings from the same initial values by both programs, step by step: `node bench/encoders/same-start.ts
 * [--steps 20]`, with S3DELTA_SHARED and S3DELTA_PYTHON set. Without chance between them the losses must agree to
 * rounding, so that means over seeds can differ by the seeds alone.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../src/files/folders.ts';
import { loadModel, loadTask, type Model } from '../../src/index.ts';
import { initialDelta, listManualModules } from '../../src/research.ts';
import { countOf } from '../counts.ts';
import { type Cell, type MethodName, methods, sizes, type TaskName } from './cells.ts';
import { runOurs } from './run-ours.ts';
import { type InitialValues, startTheirs } from './run-theirs.ts';
import { loadRows } from './task-rows.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '20' },
    tasks: { type: 'string', default: 'sst2,stsb' },
    out: { type: 'string', default: 'docs/measured/encoders-same-start.json' },
  },
});
const python = process.env.S3DELTA_PYTHON;
if (python === undefined) throw new Error('S3DELTA_PYTHON must name a Python with torch, transformers and peft');

/** What the seed draws, but for changes of weights and biases, which begin as nothing. */
function initialValues(model: Model, method: MethodName, seed: number): InitialValues {
  const modules = listManualModules(model.sites, method);
  const layout = model.layout(modules);
  const delta = initialDelta(layout, seed, model.heads);
  const drawn = method === 'lora' || method === 'adapter' ? layout.modules : [];
  const owners = [...drawn.map(({ module, parameters }) => ({ name: module.site.name, parameters })), ...layout.heads];
  return Object.fromEntries(
    owners.flatMap(({ name, parameters }) =>
      parameters.map(part => [`${name}.${part.name}`, [...delta.subarray(part.offset, part.offset + part.size)]]),
    ),
  );
}

export interface SameStart {
  readonly task: TaskName;
  readonly method: MethodName;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly scores: readonly [ours: number, theirs: number];
}

const theirs = startTheirs(python, 1);
const backbone = await loadModel(join(cacheFolder(), 'backbones/minilm'), { threads: 1 });
const results: SameStart[] = [];
for (const task of values.tasks.split(',') as TaskName[]) {
  const model = await backbone.forTask(await loadTask(task));
  const data = await loadRows(model, task, 0, process.env.S3DELTA_SHARED ?? '../shared');
  for (const method of Object.keys(methods) as MethodName[]) {
    if (!methods[method].theirs) continue;
    const { rate } = methods[method];
    const cell: Cell = {
      ...{ task, seed: 0, program: 'ours', method, rate, headRate: sizes.headRate },
      ...{ steps: countOf(values, 'steps'), scored: 'validation' },
    };
    const ours = await runOurs(model, data, cell);
    const other = await theirs.run(model, data, { ...cell, program: 'theirs' }, initialValues(model, method, 0));
    results.push({ task, method, ours: ours.losses, theirs: other.losses, scores: [ours.score, other.score] });
    const off = Math.max(...ours.losses.map((loss, i) => Math.abs(loss - other.losses[i]!) / other.losses[i]!));
    console.log(task, method, off.toExponential(1), ours.score, other.score, ours.parameters, other.parameters);
    writeFileSync(values.out, `${JSON.stringify(results)}\n`);
  }
}
theirs.stop();
