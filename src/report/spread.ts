import { mean } from '../core/statistics.ts';
import { type VarianceComponents, varianceComponents } from '../core/variance-components.ts';
import type { MetricsLine } from '../runs/metrics-log.ts';
import type { RunResult } from '../runs/result.ts';

/** One training of a spread. */
export interface SpreadRun {
  readonly task: string;
  readonly budget: string;
  /** Number of its structure. */
  readonly structure: number;
  /** Its structure file. */
  readonly file: string;
  readonly seed: number;
  readonly result: RunResult;
  readonly metrics: readonly MetricsLine[];
}

/** A structure's trainings, in the order of the seeds. Scores are 0 to 100. */
export interface SpreadStructure {
  readonly structure: number;
  readonly file: string;
  readonly modules: number;
  readonly parameters: number;
  readonly tests: readonly number[];
  readonly validations: readonly number[];
}

/** How structures differ after so many steps of their training. */
interface SpreadMoment {
  readonly step: number;
  /** Of the validation score. */
  readonly score: VarianceComponents;
  /** Of the mean loss of the validation examples. */
  readonly loss?: VarianceComponents;
}

/** How far random structures of a budget differ on a task. */
export interface Spread {
  readonly task: string;
  readonly budget: string;
  readonly metric: string;
  /** Always giving the commonest label, mean over the trainings. */
  readonly majority: number;
  /** Steps of each training. */
  readonly steps: number;
  readonly seeds: readonly number[];
  /** Those that were trained with every seed. */
  readonly structures: readonly SpreadStructure[];
  /** Of the test score at the end; absent where fewer than two structures or seeds are whole. */
  readonly test?: VarianceComponents;
  readonly along: readonly SpreadMoment[];
}

/** Sums up the trainings of one task at one budget. Structures that lack a seed are left out. */
export function spreadOf(runs: readonly SpreadRun[]): Spread {
  const scored = runs.filter(({ result }) => result.score !== undefined);
  const first = scored[0]!;
  const seeds = [...new Set(scored.map(({ seed }) => seed))].sort((a, b) => a - b);
  const whole = [...Map.groupBy(scored, ({ structure }) => structure).values()]
    .map(group => group.toSorted((a, b) => a.seed - b.seed))
    .filter(group => group.length === seeds.length);
  const test = varianceComponents(whole.map(group => group.map(run => run.result.score!.test)));
  return {
    ...{ task: first.task, budget: first.budget, metric: first.result.score!.metric, seeds },
    majority: mean(scored.map(({ result }) => result.score!.majority)),
    steps: first.result.resources.retrain?.evaluations ?? 0,
    structures: whole.map(group => {
      const { structure, file, result } = group[0]!;
      return {
        ...{ structure, file, modules: result.structure.modules, parameters: result.structure.parameters },
        tests: group.map(run => run.result.score!.test),
        validations: group.map(run => run.result.score!.validation),
      };
    }),
    ...(test && { test }),
    along: momentsOf(whole),
  };
}

/** At the steps at which every training was validated. */
function momentsOf(whole: readonly (readonly SpreadRun[])[]): SpreadMoment[] {
  const runs = whole.flat();
  const steps = (runs[0]?.metrics ?? []).map(({ step }) => step);
  return steps.flatMap(step => {
    const lines = whole.map(group => group.map(({ metrics }) => metrics.find(line => line.step === step)));
    if (lines.flat().includes(undefined)) return [];
    const of = (value: (line: MetricsLine) => number) =>
      varianceComponents(lines.map(group => group.map(line => value(line!))));
    const score = of(line => line.score);
    if (score === undefined) return [];
    const isTold = lines.flat().every(line => line!.validationLoss !== undefined);
    const loss = isTold ? of(line => line.validationLoss!) : undefined;
    return [{ step, score, ...(loss && { loss }) }];
  });
}

/** The structure that is best on validation, over the seeds: nothing is chosen by the test part. */
export function bestStructure({ structures }: Spread): SpreadStructure | undefined {
  return structures.toSorted((a, b) => mean(b.validations) - mean(a.validations))[0];
}
