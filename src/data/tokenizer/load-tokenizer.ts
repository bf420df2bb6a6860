import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.ts';
import { readJson } from '../../files/read-json.ts';
import { isThere, readBytes } from '../../files/regular-file.ts';
import { createGeneralTokenizer } from './general-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { UnigramSpec } from './unigram/spec.ts';
import { parseSpieceModel } from './unigram/spiece-model.ts';
import { parseUnigramTokenizerJson } from './unigram/tokenizer-json.ts';
import { createUnigramTokenizer } from './unigram/unigram-tokenizer.ts';

const tokenName = z.union([z.string(), z.object({ content: z.string() }).transform(token => token.content)]);
const tokenizerConfig = z.looseObject({
  pad_token: tokenName.nullish(),
  eos_token: tokenName.nullish(),
  // Far above any checkpoint's; a damaged number must not fill the memory.
  extra_ids: z.int().nonnegative().max(100_000).nullish(),
});
type TokenizerConfig = z.output<typeof tokenizerConfig>;

// What T5's own tokenizer adds where its configuration says nothing.
const DEFAULT_EXTRA_IDS = 100;

/**
 * The tokenizer of a checkpoint folder: `tokenizer.json`, or where only that exists `spiece.model`, with
 * `tokenizer_config.json` (optional) naming the special tokens and the number of sentinels.
 * Both ways give SentencePiece's ids.
 * @throws InputError where files are missing, unreadable or of a kind this cannot read.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const configFile = join(folder, 'tokenizer_config.json');
  const config = isThere(configFile) ? readConfig(await readJson(configFile), configFile) : {};
  const jsonFile = join(folder, 'tokenizer.json');
  const spieceFile = join(folder, 'spiece.model');
  if (isThere(jsonFile)) {
    const json = await readJson(jsonFile);
    const spec = parseUnigramTokenizerJson(json);
    return spec ? fromSpec(spec, config, jsonFile) : createGeneralTokenizer(json, config, jsonFile);
  }
  if (isThere(spieceFile)) {
    const bytes = await readBytes(spieceFile);
    return fromSpec(parseSpieceModel(bytes, config.extra_ids ?? DEFAULT_EXTRA_IDS, spieceFile), config, spieceFile);
  }
  throw new InputError('no tokenizer here', {
    where: folder,
    remedy: "put the checkpoint's tokenizer.json or spiece.model into this folder",
  });
}

/**
 * Refuses a tokenizer whose ids the embedding table cannot hold. The table may be larger: checkpoints pad it.
 * @throws InputError
 */
export function checkTokenizerFits(tokenizer: Tokenizer, vocabSize: number, where: string): void {
  if (tokenizer.size <= vocabSize) return;
  throw new InputError(
    `the tokenizer has ${tokenizer.size} pieces, but the model's vocabulary (vocab_size) only ${vocabSize}`,
    { where, remedy: "use the tokenizer files that came with the checkpoint's weights" },
  );
}

function fromSpec(spec: UnigramSpec, config: TokenizerConfig, where: string): Tokenizer {
  const id = (name: string) => {
    const found = spec.addedTokens.find(token => token.content === name)?.id ?? spec.pieces.indexOf(name);
    if (found < 0) {
      throw new InputError(`the vocabulary has no token ${name}`, {
        where,
        remedy: 'name the padding and end tokens as pad_token and eos_token in tokenizer_config.json',
      });
    }
    return found;
  };
  const ids = { padId: id(config.pad_token ?? '<pad>'), endId: id(config.eos_token ?? '</s>') };
  try {
    return createUnigramTokenizer(spec, ids);
  } catch (cause) {
    throw damaged(where, (cause as Error).message, cause);
  }
}

function readConfig(json: unknown, where: string): TokenizerConfig {
  const parsed = tokenizerConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  throw damaged(where, z.prettifyError(parsed.error), parsed.error);
}

function damaged(where: string, detail: string, cause: unknown): InputError {
  return new InputError(`the tokenizer file cannot be read: ${detail}`, {
    where,
    remedy: 'copy it again from where the checkpoint came from; it may be cut off',
    cause,
  });
}
