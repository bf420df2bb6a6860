const NAMED_CHARACTERS: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  pound: '£',
  euro: '€',
  cent: '¢',
  bull: '•',
  middot: '·',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
};

/** True where text has tags that only HTML has, whatever it calls itself: spam often says it is plain. */
export function looksLikeHtml(text: string): boolean {
  return /<\/?(?:html|body|head|font|table|td|br|p|div|center)\b[^>]*>/i.test(text);
}

/** The text between an HTML page's tags, without scripts, styles and comments; each tag separates words. */
export function htmlToText(html: string): string {
  return html
    .replace(/<!--.*?-->/gs, '')
    .replace(/<(script|style|title)\b.*?<\/\1\s*>/gis, ' ')
    .replace(/<[a-z/!?][^>]*>/gi, ' ')
    .replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));?/gi, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED_CHARACTERS[name.toLowerCase()] ?? whole;
      return numberedCharacter(decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal));
    });
}

function numberedCharacter(code: number): string {
  // HTML takes the numbers of these control characters for those of windows-1252, as the pages that use them do.
  if (code >= 0x80 && code <= 0x9f) return new TextDecoder('windows-1252').decode(Uint8Array.of(code));
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code > 0 && code <= 0x10ffff && !isSurrogate ? String.fromCodePoint(code) : ' ';
}
