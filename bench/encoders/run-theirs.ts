import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EncodedTask, Model } from '../../src/index.ts';
import { answerOf } from '../../src/models/codec.ts';
import { type EncodedExample, listManualModules } from '../../src/research.ts';
import { tuneStream } from '../../src/training/stage.ts';
import { createBatchCursor } from '../../src/training/step-batches.ts';
import { type Cell, type Outcome, sizes } from './cells.ts';

const SCRIPT = join(import.meta.dirname, '../peers/encoder_tuning.py');

/**
 * The same training by transformers and PEFT: the same ids in the same batches, from initial values of their own unless some are given.
 * Their numbers come back, and are scored here as ours are.
 */
export function startTheirs(python: string, threads: number) {
  const child = spawn(python, [SCRIPT, '--threads', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function run(model: Model, data: EncodedTask, cell: Cell, initial?: InitialValues): Promise<Outcome> {
    const { method, rate, headRate, seed, steps } = cell;
    const { batchSize, clipNorm } = sizes;
    const cursor = createBatchCursor(data.train, { batchSize, seed, stream: tuneStream });
    const split = data[cell.scored];
    const outputs = model.heads.at(-1)!.parameters[0]!.shape[0];
    const request = {
      ...{ model: model.folder, method, rate, headRate, clipNorm, seed, outputs },
      sites: listManualModules(model.sites, method).map(({ site }) => site.name),
      batches: Array.from({ length: steps }, (_, step) => cursor.batch(step).map(rowOf)),
      scored: split.examples.map(rowOf),
      ...(initial && { initial }),
    };
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value } = await lines.next();
    if (value === undefined) throw new Error('the peer has ended');
    const { logits, parameters, losses } = JSON.parse(value) as Answer;
    const { choice } = data.scoring.codec;
    const said = logits.map((row, i) => answerOf(choice!, split.examples[i]!, Float64Array.from(row)));
    return { score: data.scoring.score(said, split.targets), rows: said.length, parameters, losses };
  }
  return { run, stop: () => child.stdin.end() };
}

/** Values that a training begins with, by `<site or layer of the head>.<parameter>`. */
export type InitialValues = Readonly<Record<string, readonly number[]>>;

interface Answer {
  readonly logits: readonly (readonly number[])[];
  readonly parameters: number;
  readonly losses: readonly number[];
}

function rowOf({ input, output }: EncodedExample) {
  if ('ids' in output) throw new Error('an encoder writes no text');
  return { ids: input.ids, types: input.types, answer: 'class' in output ? output.class : output.value };
}
