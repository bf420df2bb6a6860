import { readFile } from 'node:fs/promises';
import { type GGUFTensorInfo, gguf } from '@huggingface/gguf';
import { elementCount } from '../../src/core/arrays.ts';
import { bytesOf, type TensorSource } from '../../src/files/safetensors-arrays.ts';
import { BackboneError } from './backbone-error.ts';
import { blockFormats, dequantize } from './dequantize.ts';

/** A Llama of llama.cpp: what its file says of it, by llama.cpp's keys, and its weights by Hugging Face's names. */
export interface LlamaFile {
  readonly metadata: Readonly<Record<string, unknown>>;
  /** float32, whatever the file has */
  readonly tensors: ReadonlyMap<string, TensorSource>;
}

/** Reads a GGUF file. @throws BackboneError where it is of another architecture, or has numbers of an unknown type */
export async function readLlama(path: string): Promise<LlamaFile> {
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  if (metadata['general.architecture'] !== 'llama') throw new BackboneError('this is no Llama', { where: path });
  const heads = {
    attn_q: metadata['llama.attention.head_count'],
    attn_k: metadata['llama.attention.head_count_kv'],
  };
  const bytes = await readFile(path);
  const tensors = tensorInfos.map((tensor): [string, TensorSource] => {
    const part = /^blk\.\d+\.(attn_[qk])\.weight$/.exec(tensor.name)?.[1] as keyof typeof heads | undefined;
    const source = sourceOf(tensor, bytes, Number(tensorDataOffset), part && heads[part]);
    return [hubName(tensor.name), source];
  });
  return { metadata: metadata as unknown as Record<string, unknown>, tensors: new Map(tensors) };
}

function sourceOf(tensor: GGUFTensorInfo, file: Buffer, dataStart: number, heads: number | undefined): TensorSource {
  const format = blockFormats.get(tensor.dtype);
  if (format === undefined)
    throw new BackboneError(`${tensor.name} has numbers of the type ${tensor.dtype}, unknown here`);
  // llama.cpp names the innermost extent first.
  const shape = tensor.shape.map(Number).reverse();
  const count = elementCount(shape);
  const start = dataStart + Number(tensor.offset);
  const length = (count / format.numbers) * format.bytes;
  if (start + length > file.length) throw new BackboneError(`the file ends before ${tensor.name} does`);
  const bytes = () => {
    const numbers = dequantize(new DataView(file.buffer, file.byteOffset + start, length), format, count);
    return bytesOf(heads === undefined ? numbers : halvesApart(numbers, heads, shape[1]!));
  };
  return { dtype: 'F32', shape, bytes };
}

/**
 * Rotary positions turn pairs of a head's rows: Hugging Face pairs row i with the one half a head on, llama.cpp stores
 * the two of a pair one after the other.
 */
function halvesApart(rows: Float32Array, heads: number, width: number): Float32Array {
  const headRows = rows.length / width / heads;
  const sorted = new Float32Array(rows.length);
  for (let row = 0; row * width < rows.length; row++) {
    const inHead = row % headRows;
    const target = row - inHead + (inHead % 2) * (headRows / 2) + Math.floor(inHead / 2);
    sorted.set(rows.subarray(row * width, (row + 1) * width), target * width);
  }
  return sorted;
}

const inLayer: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

function hubName(name: string): string {
  if (name === 'token_embd.weight') return 'model.embed_tokens.weight';
  if (name === 'output_norm.weight') return 'model.norm.weight';
  const [, layer, part = ''] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  if (!Object.hasOwn(inLayer, part))
    throw new BackboneError(`the tensor ${name} has no counterpart in Llama's checkpoints`);
  return `model.layers.${layer}.${inLayer[part]}.weight`;
}
