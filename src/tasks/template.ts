import type { Piece, Segment } from '../data/example.ts';
import type { Field, SegmentsOfRow } from './row-form.ts';

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** The fields a template names. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name]) => name!);
}

/** A brace that belongs to no placeholder, with the letters near it; undefined where there is none. */
export function strayBrace(template: string): string | undefined {
  return /.{0,15}[{}].{0,15}/s.exec(template.replaceAll(PLACEHOLDER, '…'))?.[0];
}

/** A template as its own words and the texts of the fields between them. */
function fillTemplate(template: string, field: Field): Piece[] {
  // At odd places stand the names that the pattern has caught.
  return template
    .split(PLACEHOLDER)
    .map((part, i) => (i % 2 === 0 ? { text: part } : { text: field(part), field: part }))
    .filter(piece => piece.text !== '' || 'field' in piece);
}

/** Segments as templates: what a row gives to read whose fields hold their own names in braces. */
export function templatesOf(segments: SegmentsOfRow): readonly Segment[] {
  return segments(
    name => `{${name}}`,
    name => [`{${name}}`],
  ).map(({ pieces: _, ...segment }) => segment);
}

/** The segments of rows, from such templates. */
export function fromTemplates(templates: readonly Segment[]): SegmentsOfRow {
  return field =>
    templates.map(template => {
      const pieces = fillTemplate(template.text, field);
      const text = pieces.map(piece => piece.text).join('');
      return { ...template, text, ...(pieces.length > 1 && { pieces }) };
    });
}
