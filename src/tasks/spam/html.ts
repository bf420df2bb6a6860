import { Parser } from 'htmlparser2';

/** True where text has tags that only HTML has, whatever it calls itself: spam often says it is plain. */
export function looksLikeHtml(text: string): boolean {
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
