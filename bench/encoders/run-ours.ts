import { type EncodedTask, type Model, runToEnd, searchStructure } from '../../src/index.ts';
import { scoreSplit } from '../../src/library/scoring.ts';
import { keptModules, listManualModules, tuneProgram } from '../../src/research.ts';
import { type Cell, methods, type Outcome, sizes } from './cells.ts';

/** Trains a cell's method here, from the seed's initial values, and scores its last step. */
export async function runOurs(model: Model, data: EncodedTask, cell: Cell): Promise<Outcome> {
  const { seed, steps, rate, headRate, suited = false, meanStart = false } = cell;
  const began = performance.now();
  const modules = await modulesOf(model, data, cell);
  const searchSeconds = (performance.now() - began) / 1000;
  const program = await model.compile(modules);
  try {
    const losses: number[] = [];
    const initialDelta = program.initialDelta(seed, meanStart ? data.train : []);
    const { delta } = await runToEnd(
      tuneProgram(
        { program, examples: data.train, initialDelta, evaluate: async () => 0 },
        {
          ...{ learningRate: rate, headLearningRate: headRate, epochs: 1000, maxSteps: steps, evaluateEvery: steps },
          ...{ sharedRate: suited, kindRates: suited, batchSize: sizes.batchSize, clipNorm: sizes.clipNorm, seed },
        },
      ),
      event => {
        if ('loss' in event && 'tokens' in event) losses.push(event.loss);
      },
    );
    const split = data[cell.scored];
    return {
      score: await scoreSplit(program, split, data.scoring, { delta }),
      rows: split.examples.length,
      parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0),
      losses,
      ...('budget' in methods[cell.method] && { modules: modules.map(({ id }) => id), searchSeconds }),
    };
  } finally {
    await program.release();
  }
}

async function modulesOf(model: Model, data: EncodedTask, { method, seed, rate, headRate, suited }: Cell) {
  const known = methods[method];
  if (!('budget' in known)) return listManualModules(model.sites, method);
  const { structure } = await runToEnd(
    searchStructure(model, data, {
      ...{
        preset: 'mini',
        ...known.search,
        budget: known.budget,
        seed,
        lr: rate,
        rates: suited ? 'suited' : 'one',
        'head-lr': headRate,
      },
      ...{ 'max-steps': sizes.searchSteps, 'eval-every': sizes.searchSteps, 'batch-size': sizes.batchSize },
    }),
  );
  return keptModules(structure, model);
}
