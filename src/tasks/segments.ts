import { InputError } from '../core/errors.ts';
import type { Segment } from '../data/example.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { fieldText, fieldTexts, placeOf } from '../data/rows/row.ts';
import type { SegmentsOfRow } from './row-form.ts';
import type { Task } from './task.ts';

/**
 * What an input gives to read: a row as the task's rows do; a text as the only field of a task that has one field, and
 * for any other task the text as it is, for who has written all that the model shall read.
 * @throws InputError where a field is missing, and for a row where the task is not made of fields
 */
export function segmentsOf({ name, segments }: Pick<Task, 'name' | 'segments'>, input: ModelInput): readonly Segment[] {
  if ('text' in input) {
    return segments !== undefined && fieldsOf(segments).length === 1
      ? segments(
          () => input.text,
          () => [input.text],
        )
      : [{ text: input.text }];
  }
  if (segments === undefined) {
    throw new InputError(`the task ${name} is not made of fields`, {
      code: 'task-without-fields',
      where: placeOf(input),
      remedy: 'give the whole text that the model shall read, a line each',
    });
  }
  return segments(
    field => fieldText(input, field),
    field => fieldTexts(input, field),
  );
}

/** Names of the fields that a task reads, each once, in its order. */
export function fieldsOf(segments: SegmentsOfRow): string[] {
  const names = new Set<string>();
  const text = (name: string) => {
    names.add(name);
    return '';
  };
  segments(text, name => [text(name)]);
  return [...names];
}
