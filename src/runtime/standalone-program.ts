import type { Chooser, EncodedInput, EncodedOutput, Generator } from '../core/program.ts';
import type { StandaloneGraphs } from './program-graphs.ts';
import { type Feeds, openSession, type Session, type SessionSettings } from './session.ts';

/** Where the two graphs of a standalone model lie, and the ids it begins, pads and ends with. */
export interface StandaloneFiles extends Pick<StandaloneGraphs, 'startId' | 'padId' | 'endId'> {
  readonly encoder: string;
  readonly decoder: string;
}

/** What a standalone model can do. Its parameters are its own: the delta vector that is given is not read. */
export interface StandaloneProgram extends Chooser, Generator {
  release(): Promise<void>;
}

type Rows = readonly (readonly number[])[];

/** Opens the ONNX files of a standalone model (`StandaloneGraphs`). */
export async function openStandalone(files: StandaloneFiles, settings: SessionSettings): Promise<StandaloneProgram> {
  const { startId, padId, endId } = files;
  const encoder = await openSession(files.encoder, settings);
  const decoder = await openSession(files.decoder, settings).catch(async error => {
    await encoder.release();
    throw error;
  });

  /** What comes after each token of each row: [row][position] → logits of the vocabulary. */
  async function decode(encoded: Feeds, rows: Rows): Promise<Float32Array[][]> {
    const { logits } = await decoder.run({ ...encoded, input_ids: idsFeed(rows, padId) });
    const [, length, vocabulary] = logits!.dims as [number, number, number];
    const data = logits!.data as Float32Array;
    return rows.map((row, i) =>
      row.map((_, j) => data.subarray((i * length + j) * vocabulary, (i * length + j + 1) * vocabulary)),
    );
  }

  return {
    async generate(inputs, _delta, _gates, { maxTokens }) {
      if (inputs.length === 0) return [];
      const encoded = await encode(encoder, inputs, padId);
      const rows = inputs.map(() => [startId]);
      const finished = new Set<number>();
      for (let step = 0; step < maxTokens && finished.size < rows.length; step++) {
        for (const [row, logits] of (await decode(encoded, rows)).entries()) {
          const next = indexOfLargest(logits.at(-1)!);
          if (next === endId) finished.add(row);
          rows[row]!.push(finished.has(row) ? padId : next);
        }
      }
      return rows.map(row => row.slice(1).filter(id => id !== padId));
    },

    async choose(inputs, outputs) {
      const scores = inputs.map(() => new Float64Array(outputs.length));
      if (inputs.length === 0) return scores;
      const encoded = await encode(encoder, inputs, padId);
      for (const [column, output] of outputs.entries()) {
        const target = textIds(output);
        const read = [startId, ...target.slice(0, -1)];
        const decoded = await decode(
          encoded,
          inputs.map(() => read),
        );
        for (const [row, logits] of decoded.entries()) {
          scores[row]![column] = target.reduce((sum, id, place) => sum + logProbability(logits[place]!, id), 0);
        }
      }
      return scores;
    },

    async release() {
      await Promise.all([encoder.release(), decoder.release()]);
    },
  };
}

function textIds(output: EncodedOutput): readonly number[] {
  if ('ids' in output) return output.ids;
  throw new RangeError('an encoder-decoder says texts, no classes and no numbers');
}

/** What the decoder reads of inputs. */
async function encode(encoder: Session, inputs: readonly EncodedInput[], padId: number): Promise<Feeds> {
  const sources = inputs.map(input => input.ids);
  const ids = idsFeed(sources, padId);
  const mask = idsFeed(
    sources.map(row => row.map(() => 1)),
    0,
  );
  const { last_hidden_state: states } = await encoder.run({ input_ids: ids, attention_mask: mask });
  return {
    encoder_hidden_states: { type: 'float32', data: states!.data as Float32Array, dims: states!.dims },
    encoder_attention_mask: mask,
  };
}

/** Rows of ids, padded to the longest. */
function idsFeed(rows: Rows, padId: number): Feeds[string] {
  const length = Math.max(1, ...rows.map(row => row.length));
  const data = new BigInt64Array(rows.length * length).fill(BigInt(padId));
  for (const [row, ids] of rows.entries()) data.set(ids.map(BigInt), row * length);
  return { type: 'int64', data, dims: [rows.length, length] };
}

function indexOfLargest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

/** log softmax(logits)[id]. */
function logProbability(logits: Float32Array, id: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  return logits[id]! - largest - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}
