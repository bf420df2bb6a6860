import type { TextExample } from '../data/encode.ts';
import { fieldText, placeOf, type Row } from '../data/row.ts';
import { InputError } from '../errors.ts';

/** How a row becomes text. */
export interface TextForm {
  /** The source text, from the row's fields. */
  readonly source: (field: (name: string) => string) => string;
  /** The field that holds the label. */
  readonly label: string;
  /** From the data's labels to target strings, in the task's order; undefined where the label itself is the target. */
  readonly labels: ReadonlyMap<string, string> | undefined;
}

/** The target strings of a label table, each once, in its order. */
export function targetStrings(labels: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set(labels.values())];
}

/** What the target strings of a label table stand for, where the data's labels say more than the targets. */
export function namesOfTargets(labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const byTarget = Map.groupBy(labels, ([, target]) => target);
  return new Map([...byTarget].map(([target, pairs]) => [target, pairs.map(([label]) => label).join(' or ')]));
}

/**
 * Writes one row in a task's text form.
 * @throws InputError with file and line where a field is missing or the label is not one of the task's.
 */
export function toExample(row: Row, form: TextForm): TextExample {
  const label = fieldText(row, form.label);
  const target = form.labels === undefined ? label : form.labels.get(label);
  if (target === undefined) {
    throw new InputError(`the label ${JSON.stringify(label)} is not one of the task's`, {
      where: placeOf(row),
      remedy: `the labels are ${[...form.labels!.keys()].join(', ')}`,
    });
  }
  return {
    source: form.source(name => fieldText(row, name)),
    target,
    line: row.line,
  };
}
