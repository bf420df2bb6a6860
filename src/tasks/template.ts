import type { Segment } from '../data/example.ts';
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

/** A template with each `{field}` replaced by the field's text. */
export function fillTemplate(template: string, field: Field): string {
  return template.replace(PLACEHOLDER, (_, name: string) => field(name));
}

/** Segments as templates: what a row gives to read whose fields hold their own names in braces. */
export function templatesOf(segments: SegmentsOfRow): readonly Segment[] {
  return segments(
    name => `{${name}}`,
    name => [`{${name}}`],
  );
}

/** The segments of rows, from such templates. */
export function fromTemplates(templates: readonly Segment[]): SegmentsOfRow {
  return field => templates.map(template => ({ ...template, text: fillTemplate(template.text, field) }));
}
