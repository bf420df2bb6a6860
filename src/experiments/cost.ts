import { count, duration } from '../core/format.ts';
import type { Prepared } from '../jobs/prepare.ts';
import type { Trial } from '../jobs/trials.ts';
import { type ResolvedSearch, searchProblem } from '../library/search-structure.ts';
import type { RunResult } from '../runs/result.ts';
import { countEvaluations, tuneCost } from '../training/stage.ts';
import { type Cell, cellKind } from './cell.ts';

/** What a run computes: its searches and trainings, and their losses with gradients. */
export interface CellCost {
  readonly searches: number;
  readonly trainings: number;
  readonly searchLosses: number;
  readonly trainingLosses: number;
}

/** What a search computes, and the trainings that follow it. @throws InputError for too little training data */
export function costOfSearch({ data, tuning, tunings }: Prepared, search: ResolvedSearch): CellCost {
  return {
    ...{ searches: 1, trainings: tunings },
    searchLosses: countEvaluations(search.strategy.cost(searchProblem(search, data.train), search.options)),
    trainingLosses: tunings * countEvaluations(tuneCost([], data.train, tuning)),
  };
}

/** The same of trainings alone. */
export function costOfTrainings({ data }: Prepared, trials: readonly Pick<Trial, 'tuning'>[]): CellCost {
  const losses = trials.map(({ tuning }) => countEvaluations(tuneCost([], data.train, tuning)));
  return { searches: 0, trainings: trials.length, searchLosses: 0, trainingLosses: sumOf(losses, each => each) };
}

/**
 * What is left to compute, in a sentence; undefined where nothing is. Where runs are done already, theirs is the time
 * that it is told by: measuring some steps here would take as long as a run of a small experiment does.
 * @param costs by kind of cell
 */
export function costInWords(
  open: readonly Cell[],
  done: readonly RunResult[],
  costs: ReadonlyMap<string, CellCost>,
): string | undefined {
  if (open.length === 0) return undefined;
  const left = open.map(cell => costs.get(cellKind(cell))!);
  const total = (key: keyof CellCost) => sumOf(left, cost => cost[key]);
  const parts = [
    inWords(total('searches'), 'search', 'searches'),
    inWords(total('trainings'), 'training', 'trainings'),
  ];
  const seconds = secondsOf(done, { search: total('searchLosses'), training: total('trainingLosses') });
  const begins = done.length === 0 ? '' : 'left to do: ';
  const losses = `${count(total('searchLosses') + total('trainingLosses'))} losses with gradients`;
  const time =
    seconds === undefined
      ? 'the first runs tell how long they take'
      : `about ${duration(seconds)} of computing, by the runs that are done`;
  return `${begins}${parts.filter(Boolean).join(' and ')}, ${losses} in all; ${time}`;
}

const inWords = (number: number, one: string, many: string) =>
  number === 0 ? '' : `${count(number)} ${number === 1 ? one : many}`;

/** At the pace of searches and of trainings that are done; of a kind that none is, at that of the other. */
function secondsOf(done: readonly RunResult[], losses: { search: number; training: number }): number | undefined {
  const search = pace(done.map(({ resources }) => resources.search));
  const training = pace(done.map(({ resources }) => resources.trials ?? resources.retrain));
  const any = training ?? search;
  return any && losses.search * (search ?? any) + losses.training * (training ?? any);
}

/** Seconds a loss. */
function pace(stages: readonly ({ seconds: number; evaluations: number } | undefined)[]): number | undefined {
  const known = stages.filter(stage => stage !== undefined && stage.evaluations > 0);
  return known.length === 0
    ? undefined
    : sumOf(known, stage => stage!.seconds) / sumOf(known, stage => stage!.evaluations);
}

function sumOf<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0);
}
