// Asks a model that s3delta has exported, with ONNX Runtime and a tokenizer alone: node ask-onnx.ts FOLDER TEXT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [folder, text] = process.argv.slice(2) as [string, string];
const readJson = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const { task, onnx } = readJson('s3delta.json');
const { startId, endId, layers, heads, headWidth } = onnx.facts;
const tokenizer = new Tokenizer(readJson('tokenizer.json'), readJson('tokenizer_config.json'));
const idsOf = (words: string): number[] => tokenizer.encode(words, { add_special_tokens: false }).ids;

// A source ends in the end token, and an answer too; for models that want it, a sentinel closes the one and opens the other.
const sentinel: number[] = task.sentinel ? idsOf('<extra_id_0>') : [];
const source = [...idsOf(text).slice(0, task.maxLength - sentinel.length - 1), ...sentinel, endId];
const rowOf = (ids: number[]) => new Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [1, ids.length]);

const open = (name: string) => InferenceSession.create(join(folder, 'onnx', onnx.graphs[name].file));
const [encoder, decoder] = [await open('encoder_model'), await open('decoder_model_merged')];
const mask = rowOf(source.map(() => 1));
const { last_hidden_state: states } = await encoder.run({ input_ids: rowOf(source), attention_mask: mask });

// The decoder can go on from tokens that it has read before. Here it reads an answer as a whole, after none.
const nothing = new Tensor('float32', [], [1, heads, 0, headWidth]);
const past = Array.from({ length: layers }, (_, layer) => layer).flatMap(layer =>
  ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'].map(part => `past_key_values.${layer}.${part}`),
);

/** log p of an answer: the sum over its tokens, each after those before it. */
async function logProbability(answer: string): Promise<number> {
  const target = [...sentinel, ...idsOf(answer), endId];
  const { logits } = await decoder.run({
    input_ids: rowOf([startId, ...target.slice(0, -1)]),
    encoder_hidden_states: states!,
    encoder_attention_mask: mask,
    use_cache_branch: new Tensor('bool', [false], [1]),
    ...Object.fromEntries(past.map(name => [name, nothing])),
  });
  const vocabulary = logits!.dims[2]!;
  return target.reduce((sum, id, place) => {
    const row = (logits!.data as Float32Array).subarray(place * vocabulary, (place + 1) * vocabulary);
    return sum + row[id]! - Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0));
  }, 0);
}

const labels: { answer: string; name: string }[] = task.labels;
const scores = await Promise.all(labels.map(({ answer }) => logProbability(answer)));
const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
const best = scores.indexOf(Math.max(...scores));
console.log(`${labels[best]!.name} ${((100 * Math.exp(scores[best]!)) / total).toFixed(1)} %`);
