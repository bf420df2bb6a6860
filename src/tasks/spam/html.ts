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
      const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    });
}
