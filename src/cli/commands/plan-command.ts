import type { Catalogue } from '../../catalogue/catalogue.ts';
import { parseBytes } from '../../config/parse-settings.ts';
import { type SettingKey, settingKeysFor } from '../../config/settings.ts';
import { InputError } from '../../core/errors.ts';
import { bytes, count, duration } from '../../core/format.ts';
import { obstacles } from '../../export/formats.ts';
import { runPlanJob, runSketchPlanJob, type StatedData } from '../../jobs/plan-job.ts';
import { asSettings, type MemoryOption } from '../../plan/memory-options.ts';
import type { Plan } from '../../plan/plan.ts';
import { roleLabel } from '../../report/labels.ts';
import { type Table, tableLines } from '../../report/table.ts';
import type { Command, Output, Terminal } from '../command.ts';
import type { ParsedArgs } from '../parse.ts';
import { configFileArg, readSettings, settingsArgs } from '../settings-args.ts';

/** Larger counts than any data set's or text's are slips, and would only fill the memory. */
const MOST = 10_000_000;

const keysOf = (catalogue: Catalogue): readonly SettingKey[] =>
  settingKeysFor(catalogue).filter(key => !['method', 'structure', 'map', 'warm-start', 'out'].includes(key));

/** What is taken for the data where no task is given, by flag. */
const stated = {
  examples: { standard: 1000, description: 'without --task: examples to train on, and in each other set' },
  'source-tokens': { standard: 128, description: 'without --task: tokens of each text' },
  'target-tokens': { standard: 4, description: 'without --task: tokens of each answer of a model that writes' },
} as const;

export const plan: Command = {
  description:
    'Say what a search would do, need and take, before anything runs; without --task by config.json of the model alone',
  examples: {
    'my.yaml': 'a config of yours',
    '--model ./t5-base --task rte --budget 0.05%': 'the same with flags alone',
    '--model org/name --examples 5000 --source-tokens 128': 'of a model that is not downloaded yet',
  },
  args: catalogue => ({
    ...configFileArg,
    ...settingsArgs(keysOf(catalogue), catalogue),
    memory: { type: 'string', valueHint: '4GB', description: "what the job may use (default: the machine's memory)" },
    ...Object.fromEntries(
      Object.entries(stated).map(([flag, { standard, description }]) => {
        return [flag, { type: 'string', valueHint: 'N', description: `${description} (default ${standard})` }] as const;
      }),
    ),
    timing: {
      type: 'boolean',
      description: 'time a few steps, to say how long the job will take (default true)',
      negativeDescription: 'say nothing of time, and start no model',
    },
  }),
  async run(args, context) {
    const memory = args.memory === undefined ? {} : { memoryBytes: parseBytes(String(args.memory), '--memory') };
    const options = { ...context, ...memory, timing: args.timing !== false };
    const settings = readSettings(args, keysOf(context.catalogue), context.catalogue);
    const planned =
      settings.task === undefined ? runSketchPlanJob(settings, statedBy(args), options) : runPlanJob(settings, options);
    return planOutput(await planned, context);
  },
};

function statedBy(args: ParsedArgs): StatedData {
  const number = (flag: keyof typeof stated): number => {
    const value = Number(args[flag] ?? stated[flag].standard);
    if (Number.isSafeInteger(value) && value > 0 && value <= MOST) return value;
    throw new InputError(`\`${String(args[flag])}\` is no count from 1 to ${MOST}`, {
      code: 'unknown-value',
      where: `--${flag}`,
      remedy: `give a whole number, for example \`--${flag} ${stated[flag].standard}\``,
    });
  };
  return {
    examples: number('examples'),
    sourceTokens: number('source-tokens'),
    targetTokens: number('target-tokens'),
  };
}

const stageNames = { search: 'search', retrain: 'training' } as const;

/** A plan for people: what there is to choose from, what may be spent, what it takes, and how to take less. */
function planOutput(plan: Plan, { columns }: Terminal): Output {
  const lines = [
    `${plan.task} on ${plan.model} (${count(plan.backboneParameters)} parameters), seed ${plan.seed}`,
    '',
    ...tableLines(candidatesTable(plan), columns),
    '',
    `budget: ${budgetText(plan)}`,
    ...(plan.head === undefined ? [] : [`beside the budget: a head of ${count(plan.head)} parameters`]),
    `it holds ${plan.modulesThatFit.fewest} to ${plan.modulesThatFit.most} of ${count(plan.candidates)} modules`,
    '',
    ...tableLines(exportsTable(plan), columns),
    '',
    ...tableLines(stagesTable(plan), columns),
    '',
    verdict(plan),
    ...(plan.levers.length > 0 ? ['', ...tableLines(optionsTable(plan.levers), columns)] : []),
  ];
  return { document: plan, lines };
}

function candidatesTable({ groups, candidates, parameters }: Plan): Table {
  return {
    header: ['position', 'kind', 'candidates', 'parameters each', 'together', ''],
    rows: [
      ...groups.map(group => [
        roleLabel({ role: group.role, name: group.site }),
        group.kind,
        count(group.candidates),
        count(group.parameters),
        count(group.candidates * group.parameters),
        group.inert ? 'cannot change the output' : '',
      ]),
      ['all', '', count(candidates), '', count(parameters), ''],
    ],
  };
}

/** What is found may not go everywhere: that is to be known before the search. */
function exportsTable({ exports }: Plan): Table {
  return {
    header: ['to be exported as', 'with', ''],
    rows: exports.map(holding => [holding.format, holding.holds.join(', ') || '–', obstacles(holding)]),
  };
}

function budgetText({ budget }: Plan): string {
  const { parameters, fraction, percent, perTenThousand } = budget;
  const short = (value: number) => Number(value.toPrecision(4));
  const shares = `${short(fraction)} = ${short(percent)} % = ${short(perTenThousand)} ‱ of the backbone`;
  return `${count(parameters)} parameters = ${shares}`;
}

function stagesTable({ stages }: Plan): Table {
  return {
    header: ['stage', 'steps', 'evaluations', 'validations', 'time', 'peak memory', 'of it training', 'validation'],
    rows: stages.map(stage => [
      stage.times === 1 ? stageNames[stage.stage] : `${stageNames[stage.stage]}, each of ${stage.times}`,
      count(stage.steps),
      count(stage.evaluations),
      count(stage.validations),
      time(stage.seconds),
      bytes(stage.peakBytes),
      bytes(stage.trainingBytes),
      bytes(stage.generationBytes),
    ]),
  };
}

function verdict({ peakBytes, seconds, memory }: Plan): string {
  const takes = seconds === null ? '' : `, about ${duration(seconds)} in all`;
  const fits = memory.fits ? 'fits into' : 'does NOT fit into';
  return `needs ${bytes(peakBytes)}, which ${fits} ${bytes(memory.limitBytes)}${takes}`;
}

function optionsTable(options: readonly MemoryOption[]): Table {
  return {
    header: ['to need less', 'peak memory', 'fits', 'time in all', ''],
    rows: options.map(({ settings, peakBytes, seconds, fits, changes }) => [
      asSettings(settings),
      bytes(peakBytes),
      fits ? 'yes' : 'no',
      time(seconds),
      changes ?? 'the same results',
    ]),
  };
}

const time = (seconds: number | null): string => (seconds === null ? '–' : duration(seconds));
