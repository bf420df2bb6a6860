import { InputError } from '../core/errors.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import { fieldText, fieldTexts, placeOf } from '../data/rows/row.ts';
import type { Task } from './task.ts';

/**
 * What the model reads of an input: a row in the task's text form; a text as the only field of a task that has one
 * field, and of any other task the text as it is, for who has written the whole source.
 * @throws InputError where a field is missing, and for a row where the task is not made of fields
 */
export function sourceText({ name, source }: Pick<Task, 'name' | 'source'>, input: ModelInput): string {
  if ('text' in input) {
    return source !== undefined && fieldsOf(source).length === 1
      ? source(
          () => input.text,
          () => [input.text],
        )
      : input.text;
  }
  if (source === undefined) {
    throw new InputError(`the task ${name} is not made of fields`, {
      where: placeOf(input),
      remedy: 'give the whole text that the model shall read, a line each',
    });
  }
  return source(
    field => fieldText(input, field),
    field => fieldTexts(input, field),
  );
}

/** Names of the fields a text form asks for, each once, in its order. */
export function fieldsOf(source: NonNullable<Task['source']>): string[] {
  const names = new Set<string>();
  const text = (name: string) => {
    names.add(name);
    return '';
  };
  source(text, name => [text(name)]);
  return [...names];
}
