import type { TextForm } from './text-form.ts';

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** The fields a template names. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name]) => name!);
}

/** A text form from a template with `{field}` where a field's text belongs. */
export function fromTemplate(template: string): TextForm['source'] {
  return field => template.replace(PLACEHOLDER, (_, name: string) => field(name));
}

/** A text form as a template: what it writes of fields that hold their own names in braces. */
export function templateOf(source: TextForm['source']): string {
  return source(
    name => `{${name}}`,
    name => [`{${name}}`],
  );
}
