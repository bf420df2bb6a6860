import type { Catalogue } from '../../catalogue/catalogue.ts';
import { unknownName } from '../../core/checked-values.ts';
import { bytes, count } from '../../core/format.ts';
import { downloadMessages } from '../../jobs/job-events.ts';
import { examineMachine } from '../../machine/doctor.ts';
import { builtInModelNames } from '../../models/built-in.ts';
import { sketchModel } from '../../models/load-model.ts';
import { tableLines } from '../../report/table.ts';
import { listSpace } from '../../structure/spaces.ts';
import { defaultDataFolder } from '../../tasks/task-places.ts';
import type { Command } from '../command.ts';
import { completionScript, isShell, shells } from '../reference/completion.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const marks = { ok: '✓', missing: '–', failed: '✗' } as const;

export const doctor: Command = {
  description: 'Say what works on this machine, what is missing, and how to mend it',
  examples: {
    '': 'the whole machine',
  },
  args: {},
  async run() {
    const report = await examineMachine();
    const { s3delta, platform, ready, checks } = report;
    const width = Math.max(...checks.map(({ name }) => name.length));
    const lines = checks.flatMap(({ name, status, found, remedy }) => [
      `${marks[status]} ${name.padEnd(width)}  ${found}`,
      ...(remedy === undefined ? [] : [`  ${' '.repeat(width)}  → ${remedy}`]),
    ]);
    const verdict = ready ? 'the main job can run here' : 'the main job cannot run here: mend what is marked ✗';
    return {
      document: report,
      lines: [`s3delta ${s3delta} on ${platform}`, '', ...lines, '', verdict],
      exitCode: ready ? 0 : 1,
    };
  },
};

export const models: Command = {
  description:
    'Show the built-in models, or one by its config.json alone: parameters, size and candidates of each search space',
  examples: {
    '': 'what is built in',
    './t5-base': 'a folder as downloaded from the Hub',
    'org/name': 'one of the Hub: its config.json alone is fetched',
  },
  args: { model: { type: 'positional', required: false, description: 'folder of a model, or org/name on the Hub' } },
  async run(args, { onEvent, signal, catalogue, columns }) {
    const names = args.model === undefined ? builtInModelNames : [String(args.model)];
    const found = await Promise.all(
      names.map(name =>
        describe(name, { onDownload: downloadMessages(onEvent), signal, families: catalogue.families }, catalogue),
      ),
    );
    const rows = found.map(({ name, parameters, weightBytes, candidates }) => [
      name,
      count(parameters),
      bytes(weightBytes),
      ...Object.values(candidates).map(count),
    ]);
    const header = [
      'model',
      'parameters',
      'in float32',
      ...Object.keys(catalogue.spaces).map(space => `${space} candidates`),
    ];
    return { document: { models: found }, lines: tableLines({ header, rows }, columns) };
  },
};

async function describe(nameOrFolder: string, options: Parameters<typeof sketchModel>[1], catalogue: Catalogue) {
  const { name, folder, parameters, sites } = await sketchModel(nameOrFolder, options);
  const candidates = Object.fromEntries(
    Object.keys(catalogue.spaces).map(space => [space, listSpace(sites, space, catalogue).length]),
  );
  // As float32, which is what a job holds of them.
  return { name, folder, parameters, weightBytes: 4 * parameters, candidates };
}

export const tasks: Command = {
  description: 'List the built-in tasks, and whether their data were found',
  examples: {
    '': 'all that are built in',
  },
  args: settingsArgs(['data']),
  async run(args, { catalogue, columns }) {
    const { data: folder = defaultDataFolder() } = readSettings(args, ['data']);
    const found = catalogue.tasks.map(task => {
      const { name, description, metric, details = [], labels } = task;
      return { name, description, metric, details, labels, data: task.find(folder) ?? null };
    });
    const rows = found.map(({ name, description, metric, data }) => [name, metric, data ? 'found' : '–', description]);
    return {
      document: { tasks: found },
      lines: [
        ...tableLines({ header: ['task', 'metric', 'data', 'what it is'], rows }, columns),
        '',
        `Data were looked for in ${folder} (--data names another folder). Or give a task.yaml of your own.`,
      ],
    };
  },
};

export const completion: Command = {
  description: 'Print a script that teaches a shell to complete commands, flags and their values',
  examples: {
    bash: 'in ~/.bashrc: source <(s3delta completion bash)',
    zsh: 'in ~/.zshrc, after compinit: source <(s3delta completion zsh)',
    fish: 'in ~/.config/fish/config.fish: s3delta completion fish | source',
  },
  args: { shell: { type: 'positional', required: true, valueHint: shells.join('|'), description: shells.join(', ') } },
  async run({ shell }, { reference = {} }) {
    const name = String(shell);
    if (!isShell(name)) throw unknownName('shell', name, shells, 'SHELL');
    const script = completionScript(name, reference);
    return { document: { shell: name, script }, lines: [script] };
  },
};
