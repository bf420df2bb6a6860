import type { TuneOptions, TuneProblem } from '../../src/training/tune-program.ts';
import { createToyExamples, createToyProgram } from './toy-program.ts';

const program = createToyProgram([4, 4]);
const validation = createToyExamples(12, 1);

/** A regression that training improves visibly, with a score of minus the validation loss. */
export const problem: TuneProblem = {
  program,
  examples: createToyExamples(30),
  initialDelta: new Float32Array(8),
  evaluate: async delta => -(await program.lossAndGradients(validation, delta)).loss,
};

export const options: TuneOptions = { learningRate: 0.05, epochs: 8, batchSize: 8, evaluateEvery: 5, seed: 1 };
