import type { Model } from '../../src/index.ts';
import { type DeltaModule, listManualModules, listSpace, tuneProgram } from '../../src/research.ts';
import type { TrainCell } from './cells.ts';
import { type EvidenceData, heldOutLoss, scoreOf } from './task-data.ts';

export interface TrainOutcome {
  readonly parameters: number;
  /** Held-out loss at each fifth of the training. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly bestStep: number;
  readonly heldOutLoss: number;
  readonly validation: number;
  readonly test: number;
}

/** Trains a structure from fresh values; the checkpoint with the least held-out loss is scored. */
export async function runTrain(model: Model, data: EvidenceData, cell: TrainCell): Promise<TrainOutcome> {
  const { steps, rate, seed } = cell;
  const modules = modulesOf(model, cell);
  const program = await model.compile(modules);
  try {
    const initialDelta = program.initialDelta(seed);
    const curve: { step: number; loss: number }[] = [];
    const every = Math.ceil(steps / 5);
    const evaluate = async (delta: Float32Array) => {
      const loss = await heldOutLoss(program, data.heldOut, delta);
      curve.push({ step: Math.min(steps, (curve.length + 1) * every), loss });
      return -loss;
    };
    const tuning = tuneProgram(
      { program, examples: data.train, initialDelta, evaluate },
      { learningRate: rate, epochs: 1000, maxSteps: steps, batchSize: 16, evaluateEvery: every, clipNorm: 2, seed },
    );
    let next = await tuning.next();
    while (!next.done) next = await tuning.next();
    const { delta, bestStep, score } = next.value;
    return {
      parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0),
      curve,
      bestStep,
      heldOutLoss: -score,
      validation: await scoreOf(program, data, data.validation, delta),
      test: await scoreOf(program, data, data.test, delta),
    };
  } finally {
    await program.release();
  }
}

function modulesOf({ sites }: Model, { method, modules: ids }: TrainCell): DeltaModule[] {
  if (method !== undefined) return listManualModules(sites, method);
  const wanted = new Set(ids);
  const modules = listSpace(sites, 'mixed').filter(({ id }) => wanted.has(id));
  if (modules.length !== wanted.size) throw new Error(`unknown module among ${ids.join(', ')}`);
  return modules;
}
