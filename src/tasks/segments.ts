import { z } from 'zod';
import { checkArgument } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import type { Piece, Segment } from '../data/example.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { fieldText, fieldTexts, placeOf } from '../data/rows/row.ts';
import { type Field, fieldsOf, type SegmentsOfRow } from './row-form.ts';
import type { Task } from './task.ts';

const givenInput = z.union(
  [
    z.looseObject({ text: z.string() }),
    z.looseObject({ file: z.string(), line: z.number(), fields: z.record(z.string(), z.unknown()) }),
  ],
  { error: '`{ line, text }`, or a row as `{ file, line, fields }`' },
);

/**
 * What an input gives to read: a row as the task's rows do; a text as the only field of a task that has one, and as it
 * is where the task is not made of fields.
 * @throws InputError where a field is missing, for a row where the task is not made of fields, and for a text where it
 * has several: the model has never seen one bare
 */
export function segmentsOf(
  { name, segments, rows }: Pick<Task, 'name' | 'segments' | 'rows'>,
  input: ModelInput,
): readonly Segment[] {
  checkArgument('segmentsOf(task, input)', givenInput, input);
  if ('text' in input) {
    if (segments === undefined) return [{ text: input.text }];
    requireOneField(name, segments);
    return segments(
      () => input.text,
      () => [input.text],
    );
  }
  if (segments === undefined) {
    throw new InputError(`the task ${name} is not made of fields`, {
      code: 'task-without-fields',
      where: placeOf(input),
      remedy: 'give the whole text that the model shall read, a line each',
    });
  }
  const names = (field: string) => [field, ...(rows?.form.otherNames?.[field] ?? [])];
  return segments(
    field => fieldText(input, ...names(field)),
    field => fieldTexts(input, ...names(field)),
  );
}

/** @throws InputError naming the fields, where a text cannot be told to be one of them */
function requireOneField(name: string, segments: SegmentsOfRow): void {
  const fields = fieldsOf(segments);
  if (fields.length === 1) return;
  const row = fields.map(field => `${JSON.stringify(field)}: "…"`).join(', ');
  throw new InputError(`a text is given, and the task ${name} reads ${fields.length} fields: ${fields.join(', ')}`, {
    code: 'fields-needed',
    remedy: `give a row with each of them: {${row}}`,
  });
}

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
