import type { DeltaModule } from '../../../src/core/site.ts';
import type { Compile, SearchProblem } from '../../../src/search/strategies/strategy.ts';
import { createToyExamples, createToyProgram } from '../../training/toy-program.ts';

const validation = createToyExamples(20, 2);

/** A problem of toy modules, whose first two matter, with what compiles them and how many programs are open. */
export function createToyProblem(changes: Partial<SearchProblem> = {}, counts: readonly number[] = [2, 2, 2, 2, 2, 2]) {
  const candidates = createToyProgram(counts).layout.modules.map(({ module }) => module);
  const stage = { epochs: 5, batchSize: 8, evaluateEvery: 4, learningRate: 0.02, clipNorm: 2, seed: 1 };
  const problem: SearchProblem = {
    ...{ candidates, budget: 4, keepInert: false, examples: createToyExamples(32) },
    ...{ stage, tuning: { ...stage, epochs: 3, evaluateEvery: 5 }, usualEvaluations: 40 },
    ...changes,
  };
  const state = { open: 0, compiled: [] as (readonly DeltaModule[])[] };
  const compile: Compile = async modules => {
    const program = createToyProgram(modules.map(({ parameters }) => parameters));
    state.open += 1;
    state.compiled.push(modules);
    return {
      program,
      initialDelta: new Float32Array(program.layout.size).fill(0.05),
      evaluate: async (delta, gates) => -(await program.lossAndGradients(validation, delta, gates)).loss,
      validationLoss: async (delta, gates) => (await program.lossAndGradients(validation, delta, gates)).loss,
      async release() {
        state.open -= 1;
      },
    };
  };
  return { problem, compile, state };
}

/** What two runs have in common that were not as fast as each other. */
export function withoutTime<T extends object>(value: T): T {
  return { ...value, seconds: 0, stageSeconds: 0 };
}
