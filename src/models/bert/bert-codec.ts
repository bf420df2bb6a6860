import { InputError } from '../../core/errors.ts';
import { loadTextTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { truncatePair } from '../../data/tokenizer/truncate-pair.ts';
import type { Codec, CodecOptions, CodedTask } from '../codec.ts';
import { headCodec, type JoinTexts } from '../kit/head-codec.ts';
import type { BertConfig } from './bert-config.ts';

/** A BERT's tokenizer, and how it frames texts. */
export interface BertTokenizer extends Tokenizer {
  readonly classId: number;
}

/** @throws InputError where the vocabulary is missing or damaged, or lacks a special token */
export async function loadBertTokenizer(folder: string): Promise<BertTokenizer> {
  const tokenizer = await loadTextTokenizer(folder, BERT_TOKENS);
  const id = (role: 'pad' | 'cls' | 'sep'): number => {
    const found = tokenizer.special[role];
    if (found !== undefined) return found;
    throw new InputError(`the vocabulary has no token ${BERT_TOKENS[role]}`, {
      code: 'missing-special-token',
      where: folder,
      remedy: `name it as ${role}_token in tokenizer_config.json`,
    });
  };
  // The separator ends a text.
  return { ...tokenizer, padId: id('pad'), classId: id('cls'), endId: id('sep') };
}

/**
 * [CLS] first [SEP], or [CLS] first [SEP] second [SEP] with the second of another type; the longer of the two is cut.
 */
function joinBertTexts({ classId, endId }: Pick<BertTokenizer, 'classId' | 'endId'>): JoinTexts {
  return (first, second, maxLength) => {
    const kept = truncatePair({ first, second }, maxLength - (second ? 3 : 2), 'longest_first');
    const head = [classId, ...kept.first, endId];
    const tail = kept.second ? [...kept.second, endId] : [];
    const types = [...head.map(() => 0), ...tail.map(() => 1)];
    return {
      input: { ids: [...head, ...tail], types },
      cut: kept.cut.first + kept.cut.second,
      lost: [kept.cut.first, kept.cut.second],
    };
  };
}

/** No text is longer than the model's positions. */
export function bertCodec(
  { positions }: Pick<BertConfig, 'positions'>,
  tokenizer: BertTokenizer,
  task: CodedTask,
  options: CodecOptions,
): Codec {
  const maxLength = Math.min(options.maxLength, positions);
  return headCodec(tokenizer, task, { ...options, maxLength }, joinBertTexts(tokenizer));
}
