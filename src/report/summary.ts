import { doubtsInWords } from '../core/errors.ts';
import { bytes, count, duration, percent, plural, score } from '../core/format.ts';
import { mean } from '../core/statistics.ts';
import type { RunResult, StageResources } from '../runs/result.ts';
import type { FinalistRecord } from '../structure/structure-file.ts';
import type { HeatMapModule } from './heat-map.ts';
import type { Table } from './table.ts';

/** What could be spent and what was, in one sentence. */
export function budgetSentence({ budget, structure }: RunResult): string {
  const spent = `${plural(structure.modules, 'module')} with ${count(structure.parameters)} trainable parameters`;
  const limit = `of a budget of ${count(budget.parameters)} (${percent(budget.fraction)} of the backbone)`;
  const beside = structure.head === undefined ? '' : `; beside it a head of ${count(structure.head)} parameters`;
  return `${spent}, ${limit}${beside}`;
}

/** What one has to know of the data to read the scores. */
export function dataSentences({ data }: RunResult): string[] {
  const incomplete = data?.incomplete && `${data.incomplete}; ${data.note}`;
  const doubtful = doubtsInWords(data?.findings ?? []);
  return [...doubtful, incomplete, data?.tooLong, data?.cutTexts, data?.respelled]
    .filter(text => text !== undefined)
    .map(text => `note: ${text}`);
}

/** All that is said of a run before its tables. */
export function runSentences(result: RunResult): string[] {
  return [budgetSentence(result), ...dataSentences(result)];
}

/** Test scores beside what costs nothing: the commonest label, and a random structure of equal budget. */
export function scoreTable({ score: scores }: RunResult): Table | undefined {
  if (scores === undefined) return undefined;
  return {
    header: ['answers of', `test (${scores.metric})`, 'validation'],
    rows: [
      ['this structure', score(scores.test), score(scores.validation)],
      ...(scores.random === undefined ? [] : [['random structure, equal budget', score(scores.random), '']]),
      ['always the commonest label', score(scores.majority), ''],
      ...Object.entries(scores.details ?? {}).map(([metric, value]) => [`this structure, ${metric}`, score(value), '']),
    ],
  };
}

/** Time and memory of the search and of training what it found, with their ratios: the form of the paper's table 5. */
export function resourcesTable({ task, resources }: RunResult): Table {
  const { search, retrain, trials, ratio } = resources;
  return {
    header: ['task', 'search time', 'training time', 'ratio', 'search memory', 'training memory', 'ratio'],
    rows: [
      [
        task,
        cell(search, stage => duration(stage.seconds)),
        trials === undefined
          ? cell(retrain, stage => duration(stage.seconds))
          : `${duration(trials.seconds)} (${trials.count} trials)`,
        ratio === undefined ? '–' : ratio.time.toFixed(2),
        cell(search, stage => bytes(stage.peakBytes)),
        cell(retrain, stage => bytes(stage.peakBytes)),
        ratio === undefined ? '–' : ratio.memory.toFixed(2),
      ],
    ],
  };
}

/** Modules kept, by kind and position. */
export function keptTable(modules: readonly HeatMapModule[]): Table {
  const kept = modules.filter(module => module.kept);
  const groups = Map.groupBy(kept, module => `${module.position} ${module.kind}`);
  return {
    header: ['position', 'layers', 'parameters'],
    rows: [...groups].map(([position, members]) => [
      position,
      members.map(module => module.layer).join(' '),
      count(members.reduce((sum, module) => sum + module.parameters, 0)),
    ]),
  };
}

export const finalistsTitle = "Short trainings at the search's end";

/** What had the search's last word: structures trained for short, and how they fared. */
export function finalistsTable(finalists: readonly FinalistRecord[]): Table {
  return {
    header: ['structure', 'steps of training', 'validation loss', 'found'],
    rows: finalists.map(({ name, steps, loss, found }) => [
      ...[name, count(steps), loss === null ? 'diverged' : loss.toPrecision(4), found ? 'yes' : ''],
    ]),
  };
}

function cell(stage: StageResources | undefined, show: (stage: StageResources) => string): string {
  return stage === undefined ? '–' : show(stage);
}

/**
 * Time and memory of search and re-training with their ratios, a line a group of runs: the paper's table 5, means over
 * the seeds. Groups that searched nothing are left out; undefined where no group is left.
 */
export function resourcesOverRuns(
  groups: readonly { name: string; results: readonly RunResult[] }[],
): Table | undefined {
  const tables = groups.flatMap(({ name, results }) => {
    const searched = results.filter(({ resources }) => resources.search && resources.retrain);
    if (searched.length === 0) return [];
    const stage = (key: 'search' | 'retrain') => ({
      seconds: mean(searched.map(({ resources }) => resources[key]!.seconds)),
      peakBytes: mean(searched.map(({ resources }) => resources[key]!.peakBytes)),
      evaluations: mean(searched.map(({ resources }) => resources[key]!.evaluations)),
    });
    const [search, retrain] = [stage('search'), stage('retrain')];
    const ratio = { time: search.seconds / retrain.seconds, memory: search.peakBytes / retrain.peakBytes };
    return [resourcesTable({ ...searched[0]!, task: name, resources: { search, retrain, ratio } })];
  });
  const [first] = tables;
  return first && { header: first.header, rows: tables.flatMap(table => table.rows) };
}
