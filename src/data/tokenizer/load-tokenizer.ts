import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { isThere, readBytes } from '../../files/regular-file.ts';
import { readJson } from '../../files/text-files.ts';
import { createByteTokenizer } from './byte-tokenizer.ts';
import { createGeneralTokenizer } from './general-tokenizer.ts';
import { type Role, readCompanions, type SpecialTokenNames, T5_TOKENS } from './special-tokens.ts';
import { type TokenizerSource as Source, sentinelVocabulary, type TextTokenizer, type Tokenizer } from './tokenizer.ts';
import { byteLevelJson, wordPieceJson } from './tokenizer-json.ts';
import { createSentencePieceTokenizer, damagedSpieceModel, parseSpieceModel } from './unigram/spiece-model.ts';

/** Forms of a tokenizer, the one that says most first: the files that make it up, and how it is read from them. */
const FORMS: readonly {
  readonly files: readonly [string, ...string[]];
  read(source: Source): Promise<TextTokenizer>;
}[] = [
  {
    files: ['tokenizer.json'],
    read: async source => createGeneralTokenizer(await readJson(source.where), source),
  },
  { files: ['spiece.model'], read: readSpieceModel },
  {
    files: ['vocab.txt'],
    read: async source => createGeneralTokenizer(await wordPieceJson(source), source),
  },
  {
    files: ['vocab.json', 'merges.txt'],
    read: async source => createGeneralTokenizer(await byteLevelJson(source), source),
  },
];

/**
 * The tokenizer of a checkpoint folder, whatever its family: `tokenizer.json`, or where that is missing `spiece.model`,
 * `vocab.txt`, or `vocab.json` with `merges.txt`; beside them the files that `readCompanions` tells of.
 * @param defaults what the family calls its special tokens where no file names them
 * @throws InputError where files are missing, unreadable or of a kind this cannot read
 */
export async function loadTextTokenizer(folder: string, defaults: SpecialTokenNames): Promise<TextTokenizer> {
  return (await load(folder, defaults)).tokenizer;
}

/**
 * The same for a model that reads a text to its end and answers until an end, as T5.
 * @param extraIds sentinels behind a `spiece.model` where no file counts them
 * @throws InputError also where the padding or end token is not in the vocabulary
 */
export async function loadTokenizer(folder: string, extraIds = T5_EXTRA_IDS): Promise<Tokenizer> {
  const { tokenizer, companions, where } = await load(folder, T5_TOKENS, extraIds);
  const needed = (role: Role & keyof typeof T5_TOKENS): number => {
    const id = tokenizer.special[role];
    if (id !== undefined) return id;
    throw new InputError(
      `the vocabulary has no token ${companions.named.roles[role]?.token.content ?? T5_TOKENS[role]}`,
      {
        code: 'missing-special-token',
        where,
        remedy: 'name the padding and end tokens as pad_token and eos_token in tokenizer_config.json',
      },
    );
  };
  return { ...tokenizer, padId: needed('pad'), endId: needed('eos') };
}

/**
 * Refuses a tokenizer whose ids the embedding table cannot hold. The table may be larger: checkpoints pad it.
 * @throws InputError
 */
export function checkTokenizerFits(tokenizer: TextTokenizer, vocabSize: number, where: string): void {
  if (tokenizer.size <= vocabSize) return;
  throw new InputError(
    `the tokenizer has ${tokenizer.size} pieces, but the model's vocabulary (vocab_size) only ${vocabSize}`,
    { code: 'vocabulary-mismatch', where, remedy: "use the tokenizer files that came with the checkpoint's weights" },
  );
}

/** What T5's own tokenizer adds where its configuration says nothing. */
const T5_EXTRA_IDS = 100;

async function load(folder: string, defaults: SpecialTokenNames, extraIds = T5_EXTRA_IDS) {
  const form = FORMS.find(({ files }) => files.every(file => isThere(join(folder, file))));
  if (form === undefined && (await tokenizerClass(folder)) === 'ByT5Tokenizer') {
    const companions = await readCompanions(folder);
    return { tokenizer: createByteTokenizer(companions, defaults), companions, where: folder };
  }
  if (form === undefined) {
    const forms = FORMS.map(({ files }) => files.join(' with ')).join(', or ');
    throw new InputError('no tokenizer here', {
      code: 'missing-tokenizer',
      where: folder,
      remedy: `put the checkpoint's ${forms} into this folder`,
    });
  }
  const where = join(folder, form.files[0]);
  const companions = await readCompanions(folder);
  return { tokenizer: await form.read({ folder, where, companions, defaults, extraIds }), companions, where };
}

/** The class of transformers that a folder's files name: of a tokenizer without a vocabulary all that there is. */
async function tokenizerClass(folder: string): Promise<unknown> {
  for (const name of ['tokenizer_config.json', 'config.json']) {
    const file = join(folder, name);
    const json = isThere(file) ? await readJson(file) : undefined;
    if (typeof json === 'object' && json !== null && 'tokenizer_class' in json) return json.tokenizer_class;
  }
  return undefined;
}

async function readSpieceModel({ where, companions, defaults, extraIds }: Source): Promise<TextTokenizer> {
  const model = parseSpieceModel(await readBytes(where), where);
  try {
    const added = sentinelVocabulary(model.vocabulary.pieces, companions, defaults, extraIds);
    return createSentencePieceTokenizer(model, added);
  } catch (cause) {
    throw damagedSpieceModel(where, (cause as Error).message, cause);
  }
}
