import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../../../src/core/errors.ts';
import type { DeltaModule } from '../../../src/core/site.ts';
import type { Compile, SearchEvent, SearchProblem, SearchResult } from '../../../src/search/strategies/strategy.ts';
import { checkpointFile } from '../../../src/training/checkpoint.ts';
import type { LoopContext } from '../../../src/training/loop.ts';
import { createToyExamples, createToyProgram, drain } from '../../training/toy-program.ts';

const validation = createToyExamples(20, 2);

/** Of every parameter. */
export const initialValue = Math.fround(0.05);

/** A problem of toy modules, whose first two matter, with what compiles them and how many programs are open. */
export function createToyProblem(changes: Partial<SearchProblem> = {}, counts: readonly number[] = [2, 2, 2, 2, 2, 2]) {
  const candidates = createToyProgram(counts).layout.modules.map(({ module }) => module);
  const stage = { epochs: 5, batchSize: 8, evaluateEvery: 4, learningRate: 0.02, clipNorm: 2, seed: 1 };
  const problem: SearchProblem = {
    ...{ candidates, budget: 4, keepInert: false, examples: createToyExamples(32) },
    ...{ stage, tuning: { ...stage, epochs: 3, evaluateEvery: 5 }, usualEvaluations: 40, headSize: 0 },
    ...changes,
  };
  const state = { open: 0, compiled: [] as (readonly DeltaModule[])[] };
  const compile: Compile = async modules => {
    const hasHead = problem.headSize > 0;
    const program = createToyProgram(
      modules.map(({ parameters }) => parameters),
      { hasHead },
    );
    state.open += 1;
    state.compiled.push(modules);
    return {
      program,
      initialDelta: new Float32Array(program.layout.size).fill(initialValue),
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

/** Interrupts a search after each of some steps: what comes then, and the result, are bit for bit those of the whole. */
export async function assertResumes(
  search: (context: LoopContext) => AsyncGenerator<SearchEvent, SearchResult>,
  stops: readonly number[],
): Promise<void> {
  const whole = await drain(search({}));
  const folder = mkdtempSync(join(tmpdir(), 's3delta-resumed-'));
  for (const stop of stops) {
    const context = { checkpoint: checkpointFile(join(folder, `stop-${stop}.safetensors`)) };
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const event of search({ ...context, signal: controller.signal })) {
        if (event.type === 'step' && event.step === stop) controller.abort();
      }
    }, InterruptedError);
    const rest = await drain(search(context));
    const after = whole.events.findIndex(event => event.type === 'step' && event.step === stop) + 1;
    assert.deepEqual(rest.events.map(withoutTime), whole.events.slice(after).map(withoutTime), `${stop}`);
    assert.deepEqual(withoutTime(rest.result), withoutTime(whole.result));
  }
}
