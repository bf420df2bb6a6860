import { InputError } from '../../core/errors.ts';
import { loadTextTokenizer } from '../../data/tokenizer/load-tokenizer.ts';
import type { SpecialTokenNames } from '../../data/tokenizer/special-tokens.ts';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.ts';
import { truncatePair } from '../../data/tokenizer/truncation.ts';
import type { JoinTexts } from '../kit/head-codec.ts';

/** An encoder's tokenizer, and what texts are framed with. */
export interface EncoderTokenizer extends Tokenizer {
  readonly classId: number;
}

/** How an encoder reads one text, or two together: `[CLS] first [SEP]`, `[CLS] first [SEP] second [SEP]`. */
export interface Frame {
  /** What its special tokens are called where no file names them. */
  readonly tokens: SpecialTokenNames;
  /** Separators between two texts: RoBERTa and those after it have two. */
  readonly separators: 1 | 2;
  /** Whether the second text's tokens are told from the first's by another type. */
  readonly types: boolean;
}

/** @throws InputError where the vocabulary is missing or damaged, or lacks a special token */
export async function loadEncoderTokenizer(folder: string, { tokens }: Frame): Promise<EncoderTokenizer> {
  const tokenizer = await loadTextTokenizer(folder, tokens);
  const id = (role: 'pad' | 'cls' | 'sep'): number => {
    const found = tokenizer.special[role];
    if (found !== undefined) return found;
    throw new InputError(`the vocabulary has no token ${tokens[role]}`, {
      code: 'missing-special-token',
      where: folder,
      remedy: `name it as ${role}_token in tokenizer_config.json`,
    });
  };
  // The separator ends a text.
  return { ...tokenizer, padId: id('pad'), classId: id('cls'), endId: id('sep') };
}

/** Texts in their frame; of two that are too long together the longer one is cut. */
export function joinTexts(
  { classId, endId }: Pick<EncoderTokenizer, 'classId' | 'endId'>,
  { separators, types }: Pick<Frame, 'separators' | 'types'>,
): JoinTexts {
  const between = new Array<number>(separators).fill(endId);
  return (first, second, maxLength) => {
    const framing = 1 + (second ? between.length : 0) + 1;
    const kept = truncatePair({ first, second }, maxLength - framing, 'longest_first');
    const head = [classId, ...kept.first, ...(kept.second ? between : [endId])];
    const tail = kept.second ? [...kept.second, endId] : [];
    return {
      input: { ids: [...head, ...tail], ...(types && { types: [...head.map(() => 0), ...tail.map(() => 1)] }) },
      cut: kept.cut.first + kept.cut.second,
      lost: [kept.cut.first, kept.cut.second],
    };
  };
}
