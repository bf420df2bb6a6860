/** `75 s`, `12.5 min`, `3.1 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `36 kB`, `812 MB`, `16.1 GB`; powers of 1000, as disks and the paper's table count. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** A score of 0 to 100, as the field's tables write it. */
export function score(value: number): string {
  return value.toFixed(2);
}

/** A fraction of the backbone in ‱ (1e-4), the paper's unit. */
export function perTenThousand(fraction: number): string {
  return `${Number((fraction * 1e4).toPrecision(3))} ‱`;
}

/** A fraction in percent, as budgets are given: `0.0348%`. */
export function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))}%`;
}

/** `1 run`, `21 runs`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `737,668,096`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

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

/** Quotes what a shell would split or expand. */
export function shellWord(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** The words of a command whose words `shellWord` has written. */
export function shellWords(command: string): string[] {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map(word =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted?: string, single?: string) => quoted ?? single!),
  );
}

/** A text as a regular expression that matches exactly it. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
