import { isAlias, isMap, isSeq } from 'yaml';
import { z } from 'zod';
import { nearestNames } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import { expandHome } from '../../files/folders.ts';
import { parseYaml, readTextFile, type YamlText } from '../../files/text-files.ts';
import type { Metric } from '../../metrics/metric.ts';
import { describeMetrics, type Metrics, metricNamed, metrics } from '../../metrics/metrics.ts';

// The file is read as texts alone: a label 0.0 or True is what it says, as in the data. Editors take it for other
// types.
const anyScalar = { type: ['string', 'number', 'boolean', 'null'] };
const text = z.string().min(1).meta(anyScalar);
const integer = z.coerce.number().int();
const count = integer.positive().max(1_000_000_000);

const files = z.strictObject({
  train: z
    .string()
    .min(1)
    .describe('training rows: tsv (no quotes), csv (quoted), jsonl, json or parquet, relative to this file'),
  validation: z.string().min(1).optional().describe('validation rows; without it some training rows are held out'),
  test: z.string().min(1).optional().describe('test rows; without it the validation rows are halved at random'),
});

/** What a task.yaml may say, where these metrics are known. */
const schemaFor = (known: Metrics) =>
  z.strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'use letters, digits, - and _ only')
      .meta({ ...anyScalar, description: 'name for tables and run folders' }),
    description: z.string().default('a task of your own').describe('one line for lists'),
    columns: z
      .array(text)
      .min(1)
      .optional()
      .describe('names of the columns, in order, for tsv and csv files without a header line'),
    template: z
      .union([z.string().min(1), z.tuple([z.string().min(1), z.string().min(1)])])
      .describe(
        "what the model reads, with {column} where a column's text belongs; a list of two: texts that an encoder " +
          'reads as a pair, with its own separators',
      ),
    label: text.meta({ ...anyScalar, description: 'the column that holds the label' }),
    labels: z
      .union([z.array(text).min(2), z.record(z.string(), text)])
      .optional()
      .describe(
        "the labels there are, or a table from the data's labels to the words to answer; without it targets " +
          'are free text',
      ),
    metric: z.enum(Object.keys(known)).describe(`what a run is scored by: ${describeMetrics(known)}`),
    files: files.describe('the data files'),
    maxSourceLength: integer
      .min(2)
      .max(1_000_000)
      .default(128)
      .describe('longest source, in tokens; longer ones are cut'),
    maxTargetLength: count
      .default(16)
      .describe('longest answer, in tokens, where targets are free text; no longer one is ever given'),
    batchSize: integer.positive().max(100_000).default(32).describe('examples a step'),
    epochs: count.default(10).describe('passes over the training set'),
    evaluateEvery: count.default(100).describe('steps between two validations'),
  });

export const taskFile = schemaFor(metrics);

/** A checked task.yaml. */
export type TaskFile = Omit<z.output<typeof taskFile>, 'labels'> & {
  /** From the data's labels to the words to answer, in the file's order. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** The lines where they stand. */
  readonly labelLines: ReadonlyMap<string, number>;
};

const keys = { '': Object.keys(taskFile.shape), files: Object.keys(files.shape) } as const;

/**
 * Reads and checks a task.yaml.
 * @throws InputError where the file is missing, is no YAML, or holds an unknown key or an impossible value.
 */
export async function readTaskFile(path: string, known: Metrics = metrics): Promise<TaskFile> {
  return parseTaskFile(await readTextFile(path), path, known);
}

/**
 * The same of its text.
 * @param isKept whether it is the text that a run has kept: then labels may share an answer, as they once could
 */
export function parseTaskFile(
  text: string,
  path: string,
  known: Metrics = metrics,
  { isKept = false }: { readonly isKept?: boolean } = {},
): TaskFile {
  const yaml = parseYaml(text, path, 'failsafe');
  const parsed = schemaFor(known).safeParse(yaml.value);
  if (!parsed.success) {
    // A misspelt key is also a missing one; the misspelling is what to tell.
    const { issues } = parsed.error;
    throw explain(issues.find(issue => issue.code === 'unrecognized_keys') ?? issues[0]!, path);
  }
  const { labels, files: named } = parsed.data;
  const places = Object.entries(named).map(([set, name]) => [set, expandHome(name)]);
  const entries = labelEntries(labels ?? {}, yaml);
  if (!isKept) requireAnswersApart(entries, path);
  const file = {
    ...parsed.data,
    labels: labels && new Map(entries.map(({ label, answer }) => [label, answer])),
    labelLines: new Map(entries.map(({ label, line }) => [label, line])),
    files: Object.fromEntries(places) as typeof named,
  };
  checkLabels(file, path, metricNamed(file.metric, known));
  return file;
}

function explain(issue: z.core.$ZodIssue, where: string): InputError {
  const place = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keys[place as keyof typeof keys];
    const key = issue.keys[0]!;
    const [nearest] = nearestNames(key, known);
    return new InputError(`there is no key \`${place ? `${place}.` : ''}${key}\``, {
      code: 'unknown-key',
      where,
      remedy: nearest === undefined ? `the keys are ${known.join(', ')}` : `did you mean \`${nearest}\`?`,
    });
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return new InputError(
    isMissing ? `the key \`${place}\` is missing` : `\`${place || 'the file'}\`: ${issue.message}`,
    { code: 'bad-task-file', where, remedy: 'see examples/my-task/task.yaml for what each key holds' },
  );
}

function checkLabels({ labels, metric }: TaskFile, where: string, { numbers, twoLabels }: Metric): void {
  if (labels !== undefined && numbers) {
    throw new InputError(`\`labels\` has no meaning with the metric ${metric}, which compares numbers`, {
      code: 'bad-task-file',
      where,
      remedy: 'remove `labels`, or choose another metric',
    });
  }
  const targets = new Set(labels?.values());
  if (twoLabels && targets.size !== 2) {
    throw new InputError(`the metric ${metric} needs exactly two different labels, not ${targets.size}`, {
      code: 'bad-task-file',
      where,
      remedy: 'list two `labels`, the positive one last, or take the metric accuracy',
    });
  }
  if (labels !== undefined && targets.size < 2) {
    throw new InputError('`labels` leaves one answer at most, so there is nothing to learn', {
      code: 'bad-task-file',
      where,
      remedy: 'give at least two labels different answers',
    });
  }
}

/** A label of a task file, what is answered for it, and the line where it stands. */
interface LabelEntry {
  readonly label: string;
  readonly answer: string;
  readonly line: number;
}

type WrittenLabels = readonly string[] | Readonly<Record<string, string>>;

/**
 * The labels in the file's order: a plain object would put labels like `1` and `0` into another one, and the last of
 * two is the positive one.
 */
function labelEntries(labels: WrittenLabels, { document, lineOf }: YamlText): readonly LabelEntry[] {
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
function requireAnswersApart(entries: readonly LabelEntry[], path: string): void {
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
