import { Parser } from 'htmlparser2';
import { escapePattern } from '../core/format.ts';

/** What a reader sees of an e-mail, as plain text with single spaces. */
export interface Email {
  readonly subject: string;
  readonly body: string;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: string;
}

/**
 * Subject and readable body of an e-mail in its transport form. Of several parts the plain text is taken, else the
 * HTML; attachments, signatures and pictures are left out. Malformed mail is read as far as it goes: spam often is.
 *
 * No library reads the parts: they take bytes and decode them by the character set that a part names, while the corpus
 * holds texts whose 8-bit characters are decoded already (and, in 500 mails, lost), so that they would be so twice.
 */
export function readEmail(text: string): Email {
  const whole = splitHeaders(text);
  return {
    subject: singleSpaced(decodeWords(whole.headers.get('subject') ?? '')),
    body: singleSpaced(bodyText(whole)),
  };
}

/** Headers by their names in lower case (the first of each name), continued lines joined, and what follows them. */
function splitHeaders(text: string): Part {
  const unix = text.replaceAll('\r\n', '\n');
  const end = /(?:^|\n)\n/.exec(unix);
  const head = end === null ? unix : unix.slice(0, end.index);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !headers.has(key)) headers.set(key, value!);
  }
  return { headers, content: end === null ? '' : unix.slice(end.index + end[0].length) };
}

function bodyText(part: Part): string {
  const type = part.headers.get('content-type')?.toLowerCase() ?? 'text/plain';
  if (type.startsWith('multipart/')) {
    const parts = splitParts(part).map(inner => ({ inner, type: inner.headers.get('content-type') ?? 'text/plain' }));
    const plain = parts.find(({ type }) => /^text\/plain/i.test(type));
    const other = parts.find(({ type }) => /^(text\/html|multipart\/)/i.test(type));
    // A plain part may be empty beside an HTML part that says everything.
    const text = plain ? bodyText(plain.inner) : '';
    return text.trim() === '' && other ? bodyText(other.inner) : text;
  }
  if (!type.startsWith('text/')) return '';
  const decoded = decodeTransfer(part);
  return type.startsWith('text/html') || looksLikeHtml(decoded) ? htmlToText(decoded) : decoded;
}

function splitParts({ headers, content }: Part): Part[] {
  const [, quoted, bare] = /boundary=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(headers.get('content-type')!) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) return [{ headers: new Map(), content }];
  // A whole line each: the boundary of an inner part often begins like the outer one. The last ends in two dashes.
  const delimiter = new RegExp(`^--${escapePattern(boundary)}(?:--[\\s\\S]*|[ \\t]*)$\\n?`, 'm');
  return content.split(delimiter).slice(1).map(splitHeaders);
}

function decodeTransfer({ headers, content }: Part): string {
  const encoding = headers.get('content-transfer-encoding')?.trim().toLowerCase();
  const charset = /charset="?([^\s";]+)/i.exec(headers.get('content-type') ?? '')?.[1];
  if (encoding === 'base64') return decodeBytes(Buffer.from(content, 'base64'), charset);
  if (encoding !== 'quoted-printable') return content;
  return decodeQuoted(content.replace(/=[ \t]*\n/g, ''), charset);
}

/** `=E9` and the like; runs of bytes are decoded together, as they may be one character. */
function decodeQuoted(text: string, charset: string | undefined): string {
  return text.replace(/(?:=[0-9A-Fa-f]{2})+/g, run =>
    decodeBytes(Buffer.from(run.replaceAll('=', ''), 'hex'), charset),
  );
}

/** Encoded words of a header, `=?iso-8859-1?Q?caf=E9?=` (RFC 2047). */
function decodeWords(text: string): string {
  return text
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g, (_, charset: string, encoding: string, word: string) =>
      encoding.toLowerCase() === 'b'
        ? decodeBytes(Buffer.from(word, 'base64'), charset)
        : decodeQuoted(word.replaceAll('_', ' '), charset),
    );
}

function decodeBytes(bytes: Uint8Array, charset = 'windows-1252'): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // Mail names character sets that do not exist; the most usual one of its time still reads as text.
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function singleSpaced(text: string): string {
  // Single spaces are left alone: they are most of the matches a plain \s+ would have, and cost the most.
  return text.replace(/[^\S ]\s*| \s+/g, ' ').trim();
}

/** True where text has tags that only HTML has, whatever it calls itself: spam often says it is plain. */
function looksLikeHtml(text: string): boolean {
  return /<\/?(?:html|body|head|font|table|td|br|p|div|center)\b[^>]*>/i.test(text);
}

/**
 * Elements whose text no reader sees on the page. They hold nothing but text, so that they never stand in each other.
 */
const unseen = new Set(['script', 'style', 'title', 'iframe', 'noframes']);

/** The text that an HTML page shows, however broken it is: each tag separates words, a comment does not. */
export function htmlToText(html: string): string {
  const parts: string[] = [];
  let isSeen = true;
  const parser = new Parser({
    onopentagname(name) {
      isSeen = !unseen.has(name);
      parts.push(' ');
    },
    onclosetag() {
      isSeen = true;
      parts.push(' ');
    },
    ontext(text) {
      if (isSeen) parts.push(text);
    },
    onprocessinginstruction() {
      parts.push(' ');
    },
  });
  parser.end(html);
  return parts.join('');
}
