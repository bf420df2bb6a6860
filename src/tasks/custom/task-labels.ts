import { isAlias, isMap, isSeq } from 'yaml';
import { InputError } from '../../core/errors.ts';
import type { YamlText } from '../../files/text-files.ts';

/** A label of a task file, what is answered for it, and the line where it stands. */
export interface LabelEntry {
  readonly label: string;
  readonly answer: string;
  readonly line: number;
}

type WrittenLabels = readonly string[] | Readonly<Record<string, string>>;

/**
 * The labels in the file's order: a plain object would put labels like `1` and `0` into another one, and the last of
 * two is the positive one.
 */
export function labelEntries(labels: WrittenLabels, { document, lineOf }: YamlText): readonly LabelEntry[] {
  const found = document.get('labels', true);
  const node = isAlias(found) ? found.resolve(document) : found;
  const whole = lineOf(found) ?? 1;
  if (isList(labels)) {
    const lines = isSeq(node) ? node.items.map(lineOf) : [];
    return labels.map((label, i) => ({ label, answer: label, line: lines[i] ?? whole }));
  }
  const lines = new Map(isMap(node) ? node.items.map(({ key }) => [String(key), lineOf(key)]) : []);
  const order = new Set([...lines.keys(), ...Object.keys(labels)].filter(label => Object.hasOwn(labels, label)));
  return [...order].map(label => ({ label, answer: labels[label]!, line: lines.get(label) ?? whole }));
}

const isList = (labels: WrittenLabels): labels is readonly string[] => Array.isArray(labels);

/** @throws InputError where two labels have one answer: nobody could tell which of them was predicted */
export function requireAnswersApart(entries: readonly LabelEntry[], path: string): void {
  const seen = new Map<string, LabelEntry>();
  for (const entry of entries) {
    const { label, answer, line } = entry;
    const other = seen.get(answer);
    seen.set(answer, entry);
    if (other === undefined) continue;
    const where = `${path}:${line}`;
    if (other.label === label) {
      const what = `the label ${JSON.stringify(label)} stands twice in \`labels\``;
      throw new InputError(what, { code: 'bad-task-file', where, remedy: 'remove one of the two' });
    }
    const both = `the labels ${JSON.stringify(other.label)} (line ${other.line}) and ${JSON.stringify(label)}`;
    const what = `${both} have the same answer ${JSON.stringify(answer)}: predictions could not tell them apart`;
    throw new InputError(what, {
      code: 'bad-task-file',
      where,
      remedy:
        'give one of them another answer; where both mean one class, write them alike in the data and remove one here',
    });
  }
}
