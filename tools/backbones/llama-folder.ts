import { join } from 'node:path';
import { writeTensors } from '../../src/files/safetensors-arrays.ts';
import { extract, openArchive } from './archive.ts';
import { BackboneError } from './backbone-error.ts';
import { writeJson } from './hub-folder.ts';
import { readLlama } from './llama-from-gguf.ts';

/** llama.cpp's number for tokens that no text has. */
const CONTROL = 3;

/** Writes the folder of a Llama with tied embeddings and SmolLM's tokenizer, of which an archive has the GGUF file. */
export async function convertSmolLm(archive: string, path: string, folder: string, scratch: string): Promise<void> {
  const file = await extract(await openArchive(archive), path, scratch);
  const { metadata, tensors } = await readLlama(file);
  if (metadata['tokenizer.ggml.pre'] !== 'smollm')
    throw new BackboneError("its tokenizer is not SmolLM's", { where: file });
  const of = <T>(key: string) => {
    if (metadata[key] === undefined) throw new BackboneError(`it does not tell ${key}`, { where: file });
    return metadata[key] as T;
  };
  const tokens = of<string[]>('tokenizer.ggml.tokens');
  const idOf = (role: string) => of<number>(`tokenizer.ggml.${role}_token_id`);
  const positions = of<number>('llama.context_length');
  const special = {
    bos_token: tokens[idOf('bos')],
    eos_token: tokens[idOf('eos')],
    unk_token: tokens[idOf('unknown')],
    pad_token: tokens[idOf('padding')],
  };
  await writeJson(join(folder, 'config.json'), {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: tokens.length,
    hidden_size: of('llama.embedding_length'),
    intermediate_size: of('llama.feed_forward_length'),
    num_hidden_layers: of('llama.block_count'),
    num_attention_heads: of('llama.attention.head_count'),
    num_key_value_heads: of('llama.attention.head_count_kv'),
    max_position_embeddings: positions,
    hidden_act: 'silu',
    // A float32 in the file: seven digits are what was meant.
    rms_norm_eps: Number(of<number>('llama.attention.layer_norm_rms_epsilon').toPrecision(7)),
    rope_theta: of('llama.rope.freq_base'),
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: idOf('bos'),
    eos_token_id: idOf('eos'),
    pad_token_id: idOf('padding'),
  });
  await writeJson(join(folder, 'special_tokens_map.json'), special);
  await writeJson(join(folder, 'tokenizer_config.json'), {
    ...special,
    // transformers would give GPT-2's own class GPT-2's words, in which digits stay together.
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: positions,
    clean_up_tokenization_spaces: false,
    chat_template: of('tokenizer.chat_template'),
  });
  const control = of<number[]>('tokenizer.ggml.token_type').map(type => type === CONTROL);
  await writeJson(join(folder, 'tokenizer.json'), tokenizerJson(tokens, control, of('tokenizer.ggml.merges')));
  await writeTensors(join(folder, 'model.safetensors'), { metadata: { format: 'pt' }, tensors });
}

/** Byte-level BPE as GPT-2's, but for digits, of which each is a word. */
function tokenizerJson(tokens: readonly string[], isControl: readonly boolean[], merges: readonly string[]) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.map((content, id) => ({ id, content, ...plain })).filter(({ id }) => isControl[id]),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
