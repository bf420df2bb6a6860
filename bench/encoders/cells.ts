import type { Settings } from '../../src/index.ts';

/** Who trains: this program, or transformers with PEFT. */
const programs = ['ours', 'theirs'] as const;
export type Program = (typeof programs)[number];

/** What a method trains, and at which rates; chosen on validation rows by `--plan rates`. */
interface MethodRates {
  /** In words, for tables. */
  readonly label: string;
  readonly rate: number;
  /** Whether the other program has it. */
  readonly theirs: boolean;
  /** Share of the backbone's parameters that a search may keep; absent for a manual method. */
  readonly budget?: string;
  /** How it searches. */
  readonly search?: Settings;
}

const found = { rate: 1e-3, theirs: false } as const;

export const methods = {
  lora: { label: 'LoRA (r = 8)', rate: 3e-3, theirs: true },
  bitfit: { label: 'BitFit', rate: 1e-2, theirs: true },
  adapter: { label: 'Adapter', rate: 1e-3, theirs: true },
  lnfit: { label: 'LNFit', rate: 4e-3, theirs: false },
  'found-0.2': { label: 'S³Delta at 0.2 %', ...found, budget: '0.2%', search: { order: 'first' } },
  'found-0.05': { label: 'S³Delta at 0.05 %', ...found, budget: '0.05%', search: { order: 'first' } },
  'found-0.2-first': {
    label: 'S³Delta, first order, then a last word, at 0.2 %',
    ...found,
    budget: '0.2%',
    search: { order: 'first' },
  },
  'found-0.2-second': {
    label: 'S³Delta, second order, then a last word, at 0.2 %',
    ...found,
    budget: '0.2%',
    search: { order: 'second' },
  },
  'default-0.2': { label: 'the default search at 0.2 %', ...found, budget: '0.2%', search: {} },
  'default-0.05': { label: 'the default search at 0.05 %', ...found, budget: '0.05%', search: {} },
  'fine-tuning': { label: 'full fine-tuning', rate: 1e-4, theirs: true },
} as const satisfies Record<string, MethodRates>;
export type MethodName = keyof typeof methods;

/** Those first that learn something in so few steps: a table of fewer tasks is a whole one. */
export const tasks = ['sst2', 'stsb', 'mrpc', 'cola', 'rte'] as const;
export type TaskName = (typeof tasks)[number];

export const sizes = {
  steps: 100,
  searchSteps: 40,
  batchSize: 16,
  maxLength: 48,
  validationRows: 200,
  testRows: 300,
  headRate: 1e-2,
  clipNorm: 2,
} as const;

/** One training, scored: all that decides its result. */
export interface Cell {
  readonly task: TaskName;
  readonly seed: number;
  readonly program: Program;
  readonly method: MethodName;
  readonly rate: number;
  readonly headRate: number;
  readonly steps: number;
  /** Rates are looked for on validation rows, and what is reported is taken on test rows. */
  readonly scored: 'validation' | 'test';
  /** Whether the training takes the rate that suits its modules; absent: `rate` itself. */
  readonly suited?: true;
  /** Whether a head of numbers begins at their mean, as it does for users; absent: at 0, as in the other program. */
  readonly meanStart?: true;
}

/** What became of it. */
export interface Outcome {
  readonly score: number;
  readonly rows: number;
  /** Of the modules; the head is beside it. */
  readonly parameters: number;
  /** Of each step's batch. */
  readonly losses: readonly number[];
  /** What a search has kept, and how long it took. */
  readonly modules?: readonly string[];
  readonly searchSeconds?: number;
}

export interface Finished extends Omit<Outcome, 'losses'> {
  readonly cell: Cell;
  /** Mean loss of the last tenth of the steps. */
  readonly lastLoss: number;
  /** The search's and the scoring's included; the machine has other work, so the clock says little. */
  readonly seconds: number;
  readonly commit: string;
  readonly finished: string;
}

export const cellKey = ({ suited, meanStart, ...cell }: Cell): string => {
  const { task, seed, program, method, rate, headRate, steps, scored } = cell;
  const marks = [...(suited ? ['suited'] : []), ...(meanStart ? ['mean'] : [])];
  return [task, seed, program, method, rate, headRate, steps, scored, ...marks].join('/');
};

const cellOf = (
  task: TaskName,
  seed: number,
  program: Program,
  method: MethodName,
  more: Partial<Cell> = {},
): Cell => ({
  ...{ task, seed, program, method, rate: methods[method].rate },
  ...{ headRate: sizes.headRate, steps: sizes.steps, scored: 'test', ...more },
});

const looked = (task: TaskName, method: MethodName, more: Partial<Cell>): Cell =>
  cellOf(task, 0, 'ours', method, { ...more, steps: 100, scored: 'validation' });

/** The head's rate beside a careful rate of the modules, and beside a bold one. */
const headRates = (): Cell[] =>
  [3e-4, 3e-3].flatMap(rate => [1e-3, 3e-3, 1e-2, 3e-2].map(headRate => looked('sst2', 'lora', { rate, headRate })));

/** A rate for each method, the same for both programs and all tasks. */
const rates = (): Cell[] => [
  ...[3e-3, 1e-2].map(rate => looked('sst2', 'bitfit', { rate })),
  ...[1e-3, 3e-3].map(rate => looked('sst2', 'adapter', { rate })),
  ...[1e-4].map(rate => looked('sst2', 'fine-tuning', { rate })),
  ...[1e-3, 3e-3].map(rate => looked('sst2', 'found-0.2', { rate })),
  ...[1e-3, 3e-3].map(rate => looked('sst2', 'found-0.05', { rate })),
];

/** The paper's rate, for T5-large, and one that grows as models get narrower: 8e-4 for 384. */
const defaultRates = (): Cell[] =>
  tasks
    .slice(0, 2)
    .flatMap(task =>
      (['lora', 'found-0.2'] as const).flatMap(method => [3e-4, 8e-4].map(rate => looked(task, method, { rate }))),
    );

/** One rate from which the rates of all methods follow, by their kinds and numbers of modules. */
const suitedRates = (): Cell[] =>
  tasks
    .slice(0, 2)
    .flatMap(task =>
      (['default-0.2', 'default-0.05', 'lora', 'bitfit', 'adapter'] as const).map(method =>
        looked(task, method, { rate: 2.1e-3, suited: true }),
      ),
    );

/** How many times LoRA's rate do biases and scales bear here? Some 1, 2, 4 and 8 times. */
const vectorRates = (): Cell[] =>
  [0, 1].flatMap(seed =>
    tasks
      .slice(0, 3)
      .flatMap(task => [
        ...[5e-4, 1e-3, 2e-3, 4e-3].map(rate => looked(task, 'bitfit', { seed, rate })),
        ...[1.2e-3, 2.3e-3, 4.7e-3, 9.3e-3].map(rate => looked(task, 'lnfit', { seed, rate })),
      ]),
  );

/** All methods of a task and seed by both programs, before the next; full fine-tuning, which takes most time, last. */
function table(): Cell[] {
  const names = Object.keys(methods) as MethodName[];
  const ofBoth = (task: TaskName, seed: number, method: MethodName) =>
    programs
      .filter(program => program === 'ours' || methods[method].theirs)
      .map(program => cellOf(task, seed, program, method));
  const placesOf = (some: readonly TaskName[]) => [0, 1, 2].flatMap(seed => some.map(task => ({ task, seed })));
  // In so few steps the last two teach either program little.
  const places = [tasks.slice(0, 3), tasks.slice(3)].flatMap(placesOf);
  const modular = names.filter(name => !/^(lnfit|fine-tuning|found-0.2-|default-)/.test(name));
  return [
    ...places.flatMap(({ task, seed }) => modular.flatMap(name => ofBoth(task, seed, name))),
    ...places.flatMap(({ task, seed }) => ofBoth(task, seed, 'fine-tuning')),
  ];
}

/** What is it worth that a head of numbers begins at their mean? */
const meanStarts = (): Cell[] =>
  [0, 1, 2].flatMap(seed =>
    (['lora', 'bitfit', 'adapter'] as const).map(method => cellOf('stsb', seed, 'ours', method, { meanStart: true })),
  );

/** Is the second order worth its cost on gelu? The table's searches of the first had no last word yet. */
const orders = (): Cell[] =>
  [0, 1, 2].flatMap(seed =>
    tasks
      .slice(0, 3)
      .flatMap(task =>
        (['found-0.2-first', 'found-0.2-second'] as const).map(method => cellOf(task, seed, 'ours', method)),
      ),
  );

/** Does the default search do as well on an encoder? Beside S³Delta's of the table. */
const searches = (): Cell[] =>
  [0, 1, 2].flatMap(seed =>
    tasks
      .slice(0, 3)
      .flatMap(task => (['default-0.2', 'default-0.05'] as const).map(method => cellOf(task, seed, 'ours', method))),
  );

export const plans: Readonly<Record<string, () => Cell[]>> = {
  ...{ headRates, rates, defaultRates, suitedRates, vectorRates, table, orders, searches, meanStarts },
};
