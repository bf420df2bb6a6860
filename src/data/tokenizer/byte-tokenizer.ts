import { type AddedToken, type Companions, plainToken, type SpecialTokenNames } from './special-tokens.ts';
import { addedVocabulary, sizeWith, splitterAt, type TextTokenizer } from './tokenizer.ts';

/** ByT5's own tokens, which its tokenizer takes white space around for a part of. */
const FIRST = ['<pad>', '</s>', '<unk>'];
const BYTES = 256;
/** What ByT5's own tokenizer adds where its files name no tokens. */
const DEFAULT_EXTRA_IDS = 125;

/**
 * ByT5's tokenizer, which has no vocabulary file (Xue et al. 2022): three tokens of its own, a token a byte of UTF-8,
 * then what files add; as transformers has it, `<extra_id_0>` is the first of these. What is no UTF-8 is left out of a
 * decoded text.
 */
export function createByteTokenizer(companions: Companions, defaults: SpecialTokenNames): TextTokenizer {
  const own = FIRST.map((content, id) => ({ ...plainToken(content, true), lstrip: true, rstrip: true, id }));
  const size = FIRST.length + BYTES;
  const idOf = (piece: string) => own.find(({ content }) => content === piece)?.id;
  const extraIds = companions.config.extra_ids || DEFAULT_EXTRA_IDS;
  const isTold = companions.describesAdded || companions.named.others.length > 0;
  const sentinels = Array.from({ length: isTold ? 0 : extraIds }, (_, i) => ({
    ...plainToken(`<extra_id_${i}>`, true),
    id: size + i,
  }));
  const bare = { size, idOf, addedTokens: [...own, ...sentinels], describesAdded: false };
  const { tokens, special } = addedVocabulary(bare, companions, defaults);
  const sections = splitterAt(tokens);
  const contents = new Map(tokens.map((token: AddedToken) => [token.id, token.special ? '' : token.content]));
  return {
    size: sizeWith(size, tokens),
    special,
    encode: text =>
      sections(text).flatMap(
        section => section.id ?? Array.from(Buffer.from(section.text), byte => byte + FIRST.length),
      ),
    decode(ids) {
      const parts = ids.map(id => {
        const content = contents.get(id);
        if (content !== undefined) return Buffer.from(content);
        return id >= FIRST.length && id < size ? Buffer.of(id - FIRST.length) : Buffer.alloc(0);
      });
      return decodeWhole(Buffer.concat(parts));
    },
  };
}

/** The characters that bytes spell; bytes that spell none are left out, as Python's `errors="ignore"` does. */
function decodeWhole(bytes: Uint8Array): string {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const read = (from: number, to: number): string | undefined => {
    try {
      return utf8.decode(bytes.subarray(from, to));
    } catch {
      return undefined;
    }
  };
  const whole = read(0, bytes.length);
  if (whole !== undefined) return whole;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find(size => at + size <= bytes.length && read(at, at + size) !== undefined);
    text += length === undefined ? '' : read(at, at + length);
    at += length ?? 1;
  }
  return text;
}
