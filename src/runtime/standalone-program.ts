import { logSumExp } from '../core/arrays.ts';
import type { Chooser, EncodedInput, EncodedOutput, Generator } from '../core/program.ts';
import { type Feed, type Feeds, openSession, type Session, type SessionSettings } from './session.ts';

/** Where the two graphs of a standalone encoder-decoder lie, and what whoever asks them has to know. */
export interface StandaloneFiles {
  readonly encoder: string;
  readonly decoder: string;
  /** The ids that a generation begins with, is padded with and ends at. */
  readonly startId: number;
  readonly padId: number;
  readonly endId: number;
  /** Form of the keys and values that the decoder remembers. */
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
}

/** What a standalone model can do. Its parameters are its own: the delta vector that is given is not read. */
export interface StandaloneProgram extends Chooser, Generator {
  release(): Promise<void>;
}

type Rows = readonly (readonly number[])[];

/** What the decoder reads of tokens before, and what it says of these and its own. */
const PAST = 'past_key_values';
const PRESENT = 'present';

const flag = (value: boolean): Feed => ({ type: 'bool', data: Uint8Array.of(Number(value)), dims: [1] });

/** Opens the ONNX files of a standalone model (`StandaloneGraphs`). */
export async function openStandalone(files: StandaloneFiles, settings: SessionSettings): Promise<StandaloneProgram> {
  const { startId, padId, endId, layers, heads, headWidth } = files;
  const encoder = await openSession(files.encoder, settings);
  const decoder = await openSession(files.decoder, settings).catch(async error => {
    await encoder.release();
    throw error;
  });

  /** Nothing read before. */
  function emptyPast(rows: number): Feeds {
    const nothing: Feed = { type: 'float32', data: new Float32Array(0), dims: [rows, heads, 0, headWidth] };
    const names = Array.from({ length: layers }, (_, layer) =>
      ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'].map(part => `${PAST}.${layer}.${part}`),
    );
    return { ...Object.fromEntries(names.flat().map(name => [name, nothing])), use_cache_branch: flag(false) };
  }

  /**
   * What comes after each token of each row, [row][position] → logits of the vocabulary, and what the next run reads of
   * these tokens.
   */
  async function decode(encoded: Feeds, rows: Rows, past: Feeds): Promise<{ logits: Float32Array[][]; past: Feeds }> {
    const { logits, ...presents } = await decoder.run({ ...encoded, ...past, input_ids: idsFeed(rows, padId) });
    const [, length, vocabulary] = logits!.dims as [number, number, number];
    const data = logits!.data as Float32Array;
    const kept = Object.entries(presents).map(([name, value]) => [name.replace(PRESENT, PAST), value] as const);
    return {
      logits: rows.map((row, i) =>
        row.map((_, j) => data.subarray((i * length + j) * vocabulary, (i * length + j + 1) * vocabulary)),
      ),
      past: { ...Object.fromEntries(kept), use_cache_branch: flag(true) },
    };
  }

  return {
    async generate(inputs, _delta, _gates, { maxTokens }) {
      if (inputs.length === 0) return [];
      const encoded = await encode(encoder, inputs, padId);
      const rows: number[][] = inputs.map(() => []);
      const finished = new Set<number>();
      let last = inputs.map(() => startId);
      let past = emptyPast(rows.length);
      for (let step = 0; step < maxTokens && finished.size < rows.length; step++) {
        const read = last.map(id => [id]);
        const decoded = await decode(encoded, read, past);
        last = decoded.logits.map(([logits], row) => {
          const next = indexOfLargest(logits!);
          if (next === endId) finished.add(row);
          return finished.has(row) ? padId : next;
        });
        for (const [row, id] of last.entries()) rows[row]!.push(id);
        past = decoded.past;
      }
      return rows.map(row => row.filter(id => id !== padId));
    },

    async choose(inputs, outputs) {
      const targets = outputs.map(textIds);
      const scores = inputs.map(() => new Float64Array(targets.length));
      if (inputs.length === 0) return scores;
      const encoded = await encode(encoder, inputs, padId);
      // What all answers begin with is read once; what an answer ends with is said, and not read.
      const shared = sharedStart(targets.map(target => target.slice(0, -1)));
      const first = await decode(encoded, repeated([startId, ...shared], inputs.length), emptyPast(inputs.length));
      const firstSums = first.logits.map(places => places.map(logSumExp));
      for (const [column, target] of targets.entries()) {
        const rest = target.slice(shared.length, -1);
        const then =
          rest.length > 0 ? (await decode(encoded, repeated(rest, inputs.length), first.past)).logits : undefined;
        for (const [row, score] of scores.entries()) {
          for (const [place, id] of target.entries()) {
            const later = place - first.logits[row]!.length;
            score[column]! +=
              later < 0
                ? first.logits[row]![place]![id]! - firstSums[row]![place]!
                : then![row]![later]![id]! - logSumExp(then![row]![later]!);
          }
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

function repeated<Item>(item: Item, times: number): Item[] {
  return new Array<Item>(times).fill(item);
}

/** What all rows begin with. */
function sharedStart([first = [], ...others]: Rows): readonly number[] {
  const end = first.findIndex((id, place) => others.some(row => row[place] !== id));
  return end === -1 ? first : first.slice(0, end);
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
