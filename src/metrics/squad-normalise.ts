// ASCII punctuation only, as Python's string.punctuation.
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
// JavaScript's \b knows ASCII words only; Python's, which the reference uses, knows letters and digits of every script.
const ARTICLE = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
// What Python's str.split() splits at, which is not quite JavaScript's \s.
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts these four separators as white space.
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The words of an answer as SQuAD's official evaluation compares them: in lower case, without ASCII punctuation,
 * without the articles a, an, the (Rajpurkar et al. 2016).
 */
export function squadWords(text: string): string[] {
  const plain = text.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLE, ' ');
  return plain.split(WHITE_SPACE).filter(word => word !== '');
}
