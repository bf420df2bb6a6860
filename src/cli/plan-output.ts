import { bytes, count, duration } from '../core/format.ts';
import { obstacles } from '../export/holdings.ts';
import { asSettings, type MemoryOption } from '../plan/memory-options.ts';
import type { Plan } from '../plan/plan.ts';
import { roleLabel } from '../report/labels.ts';
import { type Table, tableLines } from '../report/table.ts';
import type { Output, Terminal } from './command.ts';

const stageNames = { search: 'search', retrain: 'training' } as const;

/** A plan for people: what there is to choose from, what may be spent, what it takes, and how to take less. */
export function planOutput(plan: Plan, { columns }: Terminal): Output {
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
      stageNames[stage.stage],
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
