// Characters that move a terminal's cursor, clear it, or turn the order of what is read: all controls but line feed and
// tab, the separators of lines and paragraphs, and the marks of direction that embed and override.
const HIDDEN = /(?![\n\t])\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text from elsewhere (data, lock files, servers) as a terminal may show it: control characters are spelled as JSON
 * spells them, `\u001b` for example, so that a JSON document stays the same document.
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The beginning and the end of a text that has more characters than that, and how many are left out. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most * 2) / 3);
  return `${text.slice(0, head)} … (${text.length - most} characters left out) … ${text.slice(head - most)}`;
}
