import { z } from 'zod';
import type { UnigramSpec } from './spec.ts';

const addedToken = z.object({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  special: z.boolean().default(false),
});

const precompiled = z.object({ type: z.literal('Precompiled'), precompiled_charsmap: z.base64().nullish() });
const strip = z.object({ type: z.literal('Strip') });
const collapse = z.object({
  type: z.literal('Replace'),
  pattern: z.object({ Regex: z.literal(' {2,}') }),
  content: z.enum([' ', '\u2581']),
});
const normalizerStep = z.union([precompiled, strip, collapse]);

const whitespaceSplit = z.object({ type: z.literal('WhitespaceSplit') });
const metaspace = z.object({
  type: z.literal('Metaspace'),
  replacement: z.literal('\u2581'),
  prepend_scheme: z.literal('always').optional(),
  add_prefix_space: z.literal(true).optional(),
});
const preTokenizerStep = z.union([whitespaceSplit, metaspace]);

const steps = <T extends z.ZodType>(step: T, list: string) =>
  z.union([
    z
      .null()
      .optional()
      .transform((): z.output<T>[] => []),
    step.transform(one => [one]),
    z.object({ type: z.literal('Sequence'), [list]: z.array(step) }).transform(all => all[list] as z.output<T>[]),
  ]);

const unigramTokenizer = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: steps(normalizerStep, 'normalizers'),
  pre_tokenizer: steps(preTokenizerStep, 'pretokenizers'),
  model: z.object({
    type: z.literal('Unigram'),
    unk_id: z.int().nonnegative(),
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    byte_fallback: z.boolean().default(false),
  }),
});

/**
 * Reads the part of Hugging Face's `tokenizer.json` that T5-like checkpoints use: a Unigram model, SentencePiece's
 * compiled normalisation, and words that begin with `▁`. Returns undefined for any other kind of tokenizer.
 */
export function parseUnigramTokenizerJson(json: unknown): UnigramSpec | undefined {
  const parsed = unigramTokenizer.safeParse(json);
  if (!parsed.success) return undefined;
  const { added_tokens, normalizer, pre_tokenizer, model } = parsed.data;
  const has = (type: string) => [...normalizer, ...pre_tokenizer].some(step => step.type === type);
  const collapsed = has('WhitespaceSplit') ? /\s+/g : has('Replace') ? / +/g : undefined;
  if (model.unk_id >= model.vocab.length || !has('Metaspace') || (has('Strip') && !collapsed)) return undefined;

  const added = new Set(added_tokens.map(token => token.id));
  const charsmap = normalizer.find(step => step.type === 'Precompiled')?.precompiled_charsmap;
  return {
    pieces: model.vocab.map(([piece]) => piece),
    scores: model.vocab.map(([, score]) => score),
    isNormal: model.vocab.map((_, id) => id !== model.unk_id && !added.has(id)),
    unknownId: model.unk_id,
    addedTokens: added_tokens.map(token => ({
      content: token.content,
      id: token.id,
      special: token.special,
      stripLeft: token.lstrip,
      stripRight: token.rstrip,
    })),
    charsmap: charsmap ? Buffer.from(charsmap, 'base64') : undefined,
    addPrefixSpace: true,
    collapsed,
    byteFallback: model.byte_fallback,
  };
}
