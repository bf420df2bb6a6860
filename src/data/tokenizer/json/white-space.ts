/**
 * White space as Unicode, Rust and so every reference tokenizer mean it. JavaScript's `\s` is another set: it lacks
 * U+0085, which old Windows texts and PDFs have between words, and holds U+FEFF, which parts nothing there.
 */
export const WHITE_SPACE = /\p{White_Space}/gu;
const IS_WHITE_SPACE = /\p{White_Space}/u;

/** Where the white space that begins at `from` ends. */
export function whiteSpaceEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isWhiteSpace(text.charCodeAt(end))) end++;
  return end;
}

/** Where the white space that ends at `to` begins, `from` at the earliest. */
export function whiteSpaceStart(text: string, from: number, to: number): number {
  let start = to;
  while (start > from && isWhiteSpace(text.charCodeAt(start - 1))) start--;
  return start;
}

// Every character of white space is one UTF-16 unit. Most of a text is ASCII, for which no pattern need run.
function isWhiteSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return IS_WHITE_SPACE.test(String.fromCharCode(unit));
}
