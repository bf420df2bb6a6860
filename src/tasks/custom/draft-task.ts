import { schemaLine } from '../../files/text-files.ts';
import { type Metrics, metrics } from '../../metrics/metrics.ts';
import type { GuessedTask } from './guess-task.ts';

/** With more labels than digits they are answered as they are. */
const mostDigits = 10;

/** The text of a commented task.yaml, to be written to `path`. */
export function draftTask(task: GuessedTask, path: string): string {
  const { name, fields, label, labels, metric, files } = task;
  const [only, ...more] = fields;
  const source = more.length === 0 ? `{${only}}` : fields.map(field => `${field}: {${field}}`).join(' ');
  return [
    schemaLine(path, 'task'),
    '# A task of your own, guessed from its data file: look it over. The keys are explained in docs/your-own-data.md.',
    `name: ${quote(name)}`,
    '',
    "# What the model reads: {column} stands for that column's text.",
    `template: ${quote(`${name}: ${source}`)}`,
    '',
    '# The column with the label, and what to answer for each: the shorter the better. Of two the last is ' +
      'the positive one.',
    `label: ${quote(label)}`,
    ...labelLines(labels),
    `metric: ${metric} # or ${otherMetrics(task).join(', ')}`,
    '',
    '# Relative to this file. Without a test file the validation rows are halved; without both, training ' +
      'rows are held out.',
    'files:',
    ...Object.entries(files).map(([split, file]) => `  ${split}: ${quote(file)}`),
    '',
    '# maxSourceLength: 128 # tokens; longer texts are cut',
    ...(labels === undefined ? [lengthLine(task)] : []),
    '',
  ].join('\n');
}

/** What else such answers can be scored by. */
function otherMetrics({ metric, labels }: GuessedTask): string[] {
  const isScale = (metrics as Metrics)[metric]!.numbers ?? false;
  return Object.entries<Metrics[string]>(metrics)
    .filter(([name, { numbers = false, twoLabels = false }]) => {
      // Rows of one's own are in no groups.
      const fits = numbers === isScale && (!twoLabels || labels?.length === 2) && name !== 'group-accuracy';
      return fits && name !== metric;
    })
    .map(([name]) => name);
}

/** Free text has two letters to a token at least, in the languages that the vocabulary is made for. */
function lengthLine({ longestAnswer }: GuessedTask): string {
  const tokens = Math.ceil(longestAnswer / 2);
  const says = 'tokens; no longer answer is ever given';
  return tokens > 16 ? `maxTargetLength: ${tokens} # ${says}` : `# maxTargetLength: 16 # ${says}`;
}

function labelLines(labels: readonly string[] | undefined): string[] {
  if (labels === undefined) return ['# labels: [no, yes] # without labels the answer is free text'];
  if (labels.length > mostDigits) return [`labels: [${labels.map(quote).join(', ')}]`];
  return ['labels:', ...labels.map((label, digit) => `  ${quote(label)}: "${digit}"`)];
}

/** A JSON string is a YAML scalar that nothing can be mistaken for. */
function quote(text: string): string {
  return JSON.stringify(text);
}
