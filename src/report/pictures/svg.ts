/** Markup that is already escaped; only `element` and `text` make it. */
export type Markup = string & { readonly markup: true };

/** Escapes a text for use as an element's content. */
export function text(content: string): Markup {
  return escapeMarkup(content) as Markup;
}

/** One SVG or HTML element. Attributes are escaped; children are markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly Markup[] = [],
): Markup {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeMarkup(format(value))}"`);
  const start = `<${name}${written.join('')}`;
  return (children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`) as Markup;
}

/**
 * A whole SVG picture of that many pixels, on a light ground, with a title for those who cannot see it. Its classes let
 * a page that shows it give it other colours.
 */
export function picture(width: number, height: number, title: string, children: readonly Markup[]): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'font-family': 'system-ui, -apple-system, Segoe UI, Roboto, sans-serif',
      'font-size': 11,
      fill: '#24292f',
    },
    [
      element('title', {}, [text(title)]),
      element('rect', { width, height, fill: '#ffffff', class: 'ground' }),
      ...children,
    ],
  );
}

/** Hundredths of a pixel are enough, and keep the file small. */
function format(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
}

/**
 * Text made safe inside HTML and SVG, in elements and in quoted attributes. Control characters, which XML forbids, go.
 */
export function escapeMarkup(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
  );
}
