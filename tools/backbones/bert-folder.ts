import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TensorSource, writeTensors } from '../../src/files/safetensors-arrays.ts';
import { extract, openArchive } from './archive.ts';
import { BackboneError } from './backbone-error.ts';
import { weightsFromOnnx } from './bert-from-onnx.ts';
import { writeJson } from './hub-folder.ts';

const specialTokens = {
  cls_token: '[CLS]',
  mask_token: '[MASK]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
};

/**
 * Writes the folder of a lower-casing BERT whose archive has no more of it than an ONNX file and `tokenizer.json`.
 * @param attentionHeads the one size that no weight has
 */
export async function convertBert(
  archive: string,
  paths: { readonly onnx: string; readonly tokenizer: string; readonly attentionHeads: number },
  folder: string,
  scratch: string,
): Promise<void> {
  const files = await openArchive(archive);
  const tensors = weightsFromOnnx(await readFile(await extract(files, paths.onnx, scratch)));
  const config = bertConfig(tensors, paths.attentionHeads);
  const tokenizer = await extract(files, paths.tokenizer, folder, 'tokenizer.json');
  await writeFile(join(folder, 'vocab.txt'), vocabulary(JSON.parse(await readFile(tokenizer, 'utf8'))));
  await writeJson(join(folder, 'config.json'), config);
  await writeJson(join(folder, 'special_tokens_map.json'), specialTokens);
  await writeJson(join(folder, 'tokenizer_config.json'), {
    ...{ ...specialTokens, tokenizer_class: 'BertTokenizer', model_max_length: config.max_position_embeddings },
    ...{ do_basic_tokenize: true, do_lower_case: true, strip_accents: null, tokenize_chinese_chars: true },
  });
  await writeTensors(join(folder, 'model.safetensors'), { metadata: { format: 'pt' }, tensors });
}

/** `config.json` of a BERT with these weights; what no weight tells is as in all of Google's. */
function bertConfig(tensors: ReadonlyMap<string, TensorSource>, attentionHeads: number) {
  const shapeOf = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new BackboneError(`the model has no ${name}: it is no BERT`);
    return tensor.shape as [number, number];
  };
  const [vocabSize, hiddenSize] = shapeOf('embeddings.word_embeddings.weight');
  const layers = [...tensors.keys()].filter(name => name.endsWith('.attention.self.query.weight'));
  return {
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: vocabSize,
    hidden_size: hiddenSize,
    num_hidden_layers: layers.length,
    num_attention_heads: attentionHeads,
    intermediate_size: shapeOf('encoder.layer.0.intermediate.dense.weight')[0],
    max_position_embeddings: shapeOf('embeddings.position_embeddings.weight')[0],
    type_vocab_size: shapeOf('embeddings.token_type_embeddings.weight')[0],
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    initializer_range: 0.02,
    pad_token_id: 0,
  };
}

function vocabulary({ model: { vocab } }: { model: { vocab: Record<string, number> } }): string {
  const tokens = Object.entries(vocab).sort(([, a], [, b]) => a - b);
  return tokens.map(([token]) => `${token}\n`).join('');
}
