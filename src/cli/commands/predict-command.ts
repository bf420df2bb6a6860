import type { SettingKey } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { type ModelInput, parseInput, readInputLines, readInputs } from '../../data/read-inputs.ts';
import { type AnsweredInput, runPredictJob } from '../../jobs/predict-job.ts';
import type { Command, CommandContext } from '../command.ts';
import type { ParsedArgs } from '../parse.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task', 'batch-size', 'max-length', 'device', 'threads'] as const satisfies SettingKey[];

export const predict: Command = {
  description: 'Answer texts with what a run has trained, or an exported model: the label, its probability, the time',
  args: {
    run: { type: 'positional', required: true, description: 'run folder, or the folder of an exported model' },
    text: {
      type: 'positional',
      required: false,
      description:
        "the text, or a JSON object with the task's fields; without it and --file a text or an object a line is read from standard input",
    },
    file: {
      type: 'string',
      valueHint: 'FILE',
      description: 'what to answer: rows of a .tsv, .csv, .json or .parquet, else a text or a JSON object a line',
    },
    jsonl: { type: 'boolean', description: 'print a JSON object a line, as the answers come' },
    ...settingsArgs(keys),
  },
  async run(args, context) {
    const inputs = inputsOf(args, context);
    const answers = runPredictJob(String(args.run), inputs, readSettings(args, keys, context.catalogue), context);
    if (args.json === true) {
      const predictions: AnsweredInput[] = [];
      for await (const answer of answers) predictions.push(answer);
      return { document: { run: String(args.run), predictions }, lines: [] };
    }
    return {
      document: undefined,
      lines: [],
      stream: linesOf(answers, args.jsonl === true ? JSON.stringify : describe),
    };
  },
};

function inputsOf({ text, file }: ParsedArgs, { signal, stdin = process.stdin, onEvent }: CommandContext) {
  if (text !== undefined && file !== undefined) {
    throw new InputError('both a text and a file are given', {
      code: 'conflicting-settings',
      where: '--file',
      remedy: 'give one of them',
    });
  }
  if (file !== undefined) return readInputs(String(file), signal);
  if (text !== undefined) return [parseInput(String(text), 'the text', 1)] satisfies ModelInput[];
  if ('isTTY' in stdin && stdin.isTTY === true) {
    onEvent?.({ type: 'message', text: 'write a text a line; Ctrl-D ends' });
  }
  return readInputLines(stdin, 'standard input', signal);
}

async function* linesOf(answers: AsyncIterable<AnsweredInput>, write: (answer: AnsweredInput) => string) {
  for await (const answer of answers) yield write(answer);
}

const shownCharacters = 60;

/** `praise (1)  98.2 %  3.1 ms  dinner: the soup was hot…` */
function describe({ answer, label = answer, probability, seconds, source }: AnsweredInput): string {
  const name = label === answer ? answer : `${label} (${answer})`;
  const text = source.replaceAll(/\s+/g, ' ');
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters - 1)}…` : text;
  const sure = probability === undefined ? [] : [`${(100 * probability).toFixed(1)} %`];
  return [name, ...sure, `${(1000 * seconds).toFixed(1)} ms`, shown].join('  ');
}
