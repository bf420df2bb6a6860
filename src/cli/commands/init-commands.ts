import { existsSync } from 'node:fs';
import type { SettingKey } from '../../config/settings.ts';
import { type Finding, findingInWords, InputError } from '../../core/errors.ts';
import { count, shellWord } from '../../core/format.ts';
import { guessOwnTask, isDataFile, writeDraft } from '../../jobs/draft-job.ts';
import { builtInModel, offeredModel } from '../../models/built-in.ts';
import { loadModel } from '../../models/load-model.ts';
import { readBudget } from '../../structure/budget.ts';
import { checkData } from '../../tasks/custom/check-data.ts';
import { UnknownLabelError } from '../../tasks/custom/guess-task.ts';
import { readOwnData } from '../../tasks/custom/own-data.ts';
import { defaultDataFolder, requireDataFolder, taskFileBeside } from '../../tasks/task-places.ts';
import { loadTask } from '../../tasks/tasks.ts';
import type { Command, CommandContext } from '../command.ts';
import { createInterview, type Interview } from '../interview.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['model', 'task', 'data', 'budget', 'device', 'threads'] as const satisfies SettingKey[];

export const init: Command = {
  description: 'Write a commented config file after a few questions, and a task file beside data of your own',
  examples: {
    'my.yaml --task reviews.csv': 'a config and a task file for a table of yours; asks what is not given',
    '--model ./t5-base --task rte --yes': 'a config for a built-in task, without questions',
  },
  args: {
    file: { type: 'positional', required: false, description: 'config file to write (default s3delta.yaml)' },
    ...settingsArgs(keys),
    task: {
      type: 'string',
      valueHint: 'NAME|FILE',
      description:
        'task: a built-in one, a task.yaml, or your data file, say reviews.csv, for which reviews.task.yaml ' +
        'is written beside it',
    },
    label: { type: 'string', valueHint: 'COLUMN', description: 'where --task is a data file: the column to predict' },
    minutes: { type: 'string', valueHint: 'N', description: 'time there is: some steps are timed to set max-steps' },
    yes: { type: 'boolean', description: 'ask nothing: mini, spam and the standard budget where nothing is given' },
  },
  async run(args, context) {
    const path = String(args.file ?? 's3delta.yaml');
    if (isDataFile(path)) {
      throw new InputError('this names the config file to write, not the data', {
        code: 'wrong-kind-of-file',
        where: path,
        remedy: `s3delta init --task ${path}`,
      });
    }
    const interview = createInterview(args.yes === true ? 'silent' : context.ask, context.onEvent);
    const given = readSettings(args, keys, context.catalogue);
    await mayOverwrite({ config: path, ...besideData(given.task) }, interview);
    const model = await interview.answer(`Model (a folder, or ${offeredModel})?`, offeredModel, given.model, loadModel);
    const label = typeof args.label === 'string' ? args.label : undefined;
    const task = await interview.answer('Task (a name, a task.yaml, or your data file)?', 'spam', given.task, text =>
      isDataFile(text) ? guessOwnTask(text, label).catch(unlessLabelUnknown) : loadTask(text, context.catalogue),
    );
    if (given.task === undefined) await mayOverwrite(besideData(task), interview);
    const ownTask = isDataFile(task) ? await askOwnTask(task, label, interview) : undefined;
    const standardBudget = builtInModel(model)?.rates.budget ?? '1.39bp';
    const budget = await interview.answer(
      'Trainable parameters (a share or a count)?',
      standardBudget,
      given.budget,
      readBudget,
    );
    const minutes = typeof args.minutes === 'string' ? args.minutes : undefined;
    const time = await interview.answer('Minutes there are (none: as long as it takes)?', 'none', minutes, readMinutes);
    const settings = { ...given, model, task, budget };
    // What the data show has been told, and asked about.
    const isTold = (text: string) => ownTask?.told.has(text) ?? false;
    const onEvent: CommandContext['onEvent'] = event =>
      event.type === 'warning' && isTold(event.text) ? undefined : context.onEvent?.(event);
    await writeDraft({ path, settings, ownTask, minutes: readMinutes(time) }, { ...context, onEvent });
    const files = ownTask === undefined ? [path] : [ownTask.path, path];
    return { document: { files }, lines: [...files.map(file => `wrote ${file}`), `now: s3delta search ${path}`] };
  },
};

/** Files that are to be written. */
interface Outputs {
  readonly config?: string;
  readonly taskFile?: string;
}

/** The task file that is written with a config, where the task is named by its data. */
function besideData(task: string | undefined): Outputs {
  return task !== undefined && isDataFile(task) ? { taskFile: taskFileBeside(task) } : {};
}

/** Asks of each that is there already. @throws InputError naming all that must not be written over */
async function mayOverwrite({ config, taskFile }: Outputs, interview: Interview): Promise<void> {
  const kept: string[] = [];
  for (const path of [taskFile, config]) {
    if (path === undefined || !existsSync(path)) continue;
    const answer = await interview.answer(`${path} exists: write over it?`, 'no');
    if (!/^y(es)?$/i.test(answer)) kept.push(path);
  }
  if (kept.length === 0) return;
  const ways = [
    ...(taskFile !== undefined && kept.includes(taskFile) ? [`take the task file as it is (--task ${taskFile})`] : []),
    ...(config !== undefined && kept.includes(config) ? ['give the config another name'] : []),
  ];
  const isOne = kept.length === 1;
  const anew = `to have ${isOne ? 'it' : 'both'} written anew, first: rm ${kept.map(shellWord).join(' ')}`;
  throw new InputError(isOne ? 'this file exists already' : 'these files exist already', {
    code: 'file-exists',
    where: kept.join(' and '),
    remedy: `${ways.join(' and ')}; or, ${anew}`,
  });
}

async function askOwnTask(dataFile: string, givenLabel: string | undefined, interview: Interview) {
  const guess = await guessOwnTask(dataFile, givenLabel).catch(unlessLabelUnknown);
  const label = await interview.answer('Column with the label?', guess?.label ?? '', givenLabel, text =>
    guessOwnTask(dataFile, text || undefined),
  );
  const own = await guessOwnTask(dataFile, label);
  const answers = own.labels === undefined ? 'free text or numbers' : own.labels.join(', ');
  interview.tell(`${count(own.rows)} rows; the model reads ${own.fields.join(', ')}; the answers are ${answers}`);
  const findings = await lookOver(dataFile, label, interview);
  return { ...own, told: new Set(findings.map(findingInWords)) };
}

/** Tells what the data show; what cannot be trained on is refused, what is most likely a mistake is asked about. */
async function lookOver(dataFile: string, label: string, interview: Interview): Promise<readonly Finding[]> {
  const { parts, form } = await readOwnData(dataFile, { label });
  const findings = checkData(parts, form);
  const untrainable = findings.find(({ severity }) => severity === 'error');
  if (untrainable !== undefined) {
    const remedy = `mend the data; \`s3delta check ${dataFile}\` says all that it finds`;
    throw new InputError(untrainable.text, { code: 'untrainable-data', where: dataFile, remedy });
  }
  for (const finding of findings) interview.tell(findingLine(finding));
  if (!findings.some(({ severity }) => severity === 'serious')) return findings;
  const answer = await interview.answer('Go on, with what is marked ‼ as it is?', 'yes');
  if (/^y(es)?$/i.test(answer)) return findings;
  throw new InputError('the data are to be mended first', {
    code: 'untrainable-data',
    where: dataFile,
    remedy: 'save them again, then start init again',
  });
}

/** Which column holds the label is a question of its own. */
function unlessLabelUnknown(error: unknown): undefined {
  if (!(error instanceof UnknownLabelError)) throw error;
}

function readMinutes(text: string): number | undefined {
  if (text === 'none') return undefined;
  const minutes = Number(text);
  if (minutes > 0 && Number.isFinite(minutes)) return minutes;
  throw new InputError(`\`${text}\` is no number of minutes`, {
    code: 'unknown-value',
    where: '--minutes',
    remedy: 'give for example 30',
  });
}

const marks = { error: '✗', serious: '‼', warning: '!', note: '·' } as const;

export const check: Command = {
  description: 'Look over data of your own: columns, classes, misspelt labels, copies, empty texts, sizes',
  examples: {
    'reviews.csv': 'a table before there is a task file',
    'reviews.task.yaml': 'all files of a task, by its template and labels',
  },
  args: {
    file: { type: 'positional', required: true, description: 'a task.yaml, or a data file, say reviews.csv' },
    label: { type: 'string', valueHint: 'COLUMN', description: 'of a data file: the column to predict' },
    ...settingsArgs(['data']),
  },
  async run(args, { catalogue }) {
    const path = String(args.file);
    const { data } = readSettings(args, ['data']);
    requireDataFolder(data);
    const dataFolder = data ?? defaultDataFolder();
    const label = typeof args.label === 'string' ? args.label : undefined;
    const { parts, form, choices } = await readOwnData(path, { dataFolder, label, known: catalogue.metrics });
    const findings = checkData(parts, form);
    const bad = findings.filter(({ severity }) => severity === 'error').length;
    const doubtful = findings.filter(({ severity }) => severity === 'serious' || severity === 'warning').length;
    const verdict = bad > 0 ? 'this cannot be trained on: mend what is marked ✗' : doubts(doubtful);
    return {
      document: { file: path, columns: choices, findings },
      lines: [...choices.map(text => `· ${text}`), ...findings.map(findingLine), '', verdict],
      exitCode: bad > 0 ? 1 : 0,
    };
  },
};

/** A finding as a line of a list. */
function findingLine({ severity, text }: Finding): string {
  return `${marks[severity]} ${text}`;
}

function doubts(count: number): string {
  if (count === 0) return 'nothing is wrong with these data';
  return `these data can be trained on; look at ${count === 1 ? 'the finding' : `the ${count} findings`} marked ‼ or !`;
}
