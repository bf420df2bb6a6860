import { existsSync, realpathSync } from 'node:fs';
import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { type ModelInput, parseInput, readInputLines, readInputs, tableSpelling } from '../../data/read-inputs.ts';
import { writeFileWhole } from '../../files/write-whole.ts';
import { type AnsweredInput, openPredictJob, type PredictJob } from '../../jobs/predict-job.ts';
import type { Command, CommandContext } from '../command.ts';
import type { ParsedArgs } from '../parse.ts';
import { formatOf, predictionFormats, predictionLines } from '../prediction-output.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task', 'batch-size', 'max-length', 'device', 'threads'] as const satisfies SettingKey[];

export const predict: Command = {
  description: 'Answer texts with what a run has trained, or an exported model: the label, its probability, the time',
  examples: {
    "runs/reviews 'Never again.'": 'a text',
    'runs/remarks \'{"meal": "dinner", "remark": "Cold soup."}\'': 'fields by their names',
    'runs/reviews --file new.csv --out answers.csv': 'a table: all its columns, and the answers',
  },
  args: {
    run: { type: 'positional', required: true, description: 'run folder, or the folder of an exported model' },
    text: {
      type: 'positional',
      required: false,
      description:
        "the text, or a JSON object with the task's fields; without it and --file a text or an object a line " +
        'is read from standard input',
    },
    file: {
      type: 'string',
      valueHint: 'FILE',
      description: 'what to answer: rows of a .tsv, .csv, .json or .parquet, else a text or a JSON object a line',
    },
    out: {
      type: 'string',
      valueHint: 'FILE',
      description: 'file to write, .csv or .jsonl, with all columns of --file',
    },
    format: {
      type: 'string',
      valueHint: predictionFormats.join('|'),
      description: "how answers are written (default: as --out's name ends, else text)",
    },
    jsonl: { type: 'boolean', description: 'the same as --format jsonl' },
    ...settingsArgs(keys),
  },
  async run(args, context) {
    const out = args.out === undefined ? undefined : String(args.out);
    const asked = args.format ?? (args.jsonl === true ? 'jsonl' : undefined);
    const format = formatOf(asked === undefined ? undefined : String(asked), out);
    requireOneInput(args);
    requireOtherFile(args.file, out);
    const job = await openPredictJob(String(args.run), readSettings(args, keys, context.catalogue), context);
    const answers = job.answer(inputsOf(args, context, job));
    if (args.json === true) {
      const predictions: AnsweredInput[] = [];
      for await (const { written: _, ...answer } of answers) predictions.push(answer);
      return { document: { run: String(args.run), predictions }, lines: [] };
    }
    const { labels, saysNumbers } = job;
    const spelling = args.file === undefined ? undefined : await tableSpelling(String(args.file), job.columnsOf);
    const lines = predictionLines(format, answers, { labels, saysNumbers, spelling });
    if (out === undefined) return { document: undefined, lines: [], stream: lines };
    let count = 0;
    await writeFileWhole(
      out,
      (async function* () {
        for await (const line of lines) {
          count += 1;
          yield Buffer.from(`${line}\n`);
        }
      })(),
    );
    return { document: undefined, lines: [`wrote ${out}: ${format === 'csv' ? Math.max(0, count - 1) : count} rows`] };
  },
};

/** @throws InputError where there are two */
function requireOneInput({ text, file }: ParsedArgs): void {
  if (text === undefined || file === undefined) return;
  throw new InputError('both a text and a file are given', {
    code: 'conflicting-settings',
    where: '--file',
    remedy: 'give one of them',
  });
}

/** @throws InputError where the answers would take the place of what is asked */
function requireOtherFile(file: ParsedArgs[string], out: string | undefined): void {
  if (typeof file !== 'string' || out === undefined || !existsSync(file) || !existsSync(out)) return;
  if (realpathSync(file) !== realpathSync(out)) return;
  throw new InputError('the answers would take the place of what is asked', {
    code: 'file-exists',
    where: '--out',
    remedy: 'give another file',
  });
}

function inputsOf(
  { text, file }: ParsedArgs,
  { signal, stdin = process.stdin, onEvent }: CommandContext,
  { columnsOf }: Pick<PredictJob, 'columnsOf'>,
) {
  if (file !== undefined) return readInputs(String(file), signal, columnsOf(String(file)));
  if (text !== undefined) return [parseInput(String(text), 'the text', 1)] satisfies ModelInput[];
  if ('isTTY' in stdin && stdin.isTTY === true) {
    onEvent?.({ type: 'message', text: 'write a text a line; Ctrl-D ends' });
  }
  return readInputLines(stdin, 'standard input', signal);
}
