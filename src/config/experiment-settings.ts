import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { type KeyHelp, list, mostTrainings, trainingCount } from '../core/checked-values.ts';
import { type OptionKeys, optionKeysOf, type VariedOption, variedOptionsOf } from '../search/strategies/strategies.ts';
import { parseKeys } from './parse-settings.ts';
import { type SettingsSchema, settingsSchemaFor } from './settings.ts';

function listOf<T extends z.ZodType>(schema: z.ZodOptional<T>) {
  const { description = '', hint } = schema.meta() as KeyHelp & { description?: string };
  return list(schema.unwrap()).meta({
    description: `${description}; several with commas between them`,
    hint: hint === undefined ? 'WORD,…' : `${hint},…`,
  });
}

const naturalNumber = z.coerce.number().int().nonnegative();
/** `8` is the seeds 0 to 7; `1,4` and `[1, 4]` are those. A count that cannot be is refused before a list is made. */
const seeds = z.preprocess((given, context) => {
  if (Array.isArray(given) || given === undefined) return given;
  const words = String(given).split(',');
  if (words.length > 1) return words;
  const { success, data, error } = trainingCount.safeParse(words[0]);
  if (success) return Array.from({ length: data }, (_, seed) => seed);
  for (const issue of error.issues) context.addIssue({ ...issue });
  return z.NEVER;
}, z.array(naturalNumber).min(1).max(mostTrainings).optional());

type Shape = SettingsSchema['shape'];

type Listed = {
  readonly [Key in VariedOption]: Shape[Key] extends z.ZodOptional<infer Inner extends z.ZodType>
    ? ReturnType<typeof listOf<Inner>>
    : never;
};

function createSchema(catalogue: Catalogue) {
  const { shape } = settingsSchemaFor(catalogue);
  const { task, budget, seed, method, structure, ...common } = shape;
  // What searches is told by the methods.
  const { strategy, out, map, retrain, 'random-baseline': randomBaseline, 'warm-start': warm, ...ofEveryRun } = common;
  // Options of a search that a comparison may vary: each value makes runs of its own.
  const varied = Object.fromEntries(
    variedOptionsOf(catalogue.strategies).map(name => [name, listOf(shape[name] as never)]),
  ) as unknown as Listed;
  return z.strictObject({
    ...ofEveryRun,
    out,
    task: listOf(shape.task),
    methods: list(z.string().min(1)).meta({
      description:
        'what to compare (`s3delta compare --help` lists the names), or structure files of yours ' +
        '(own.structure.json), with commas between them',
      hint: 'NAME|FILE,…',
    }),
    seeds: seeds.meta({
      description: 'how many seeds (8: 0 to 7), or which (1,4) (default 1, which is seed 0)',
      hint: 'N|N,N,…',
    }),
    budget: listOf(shape.budget),
    ...varied,
    'share-search': shape['keep-inert'].meta({
      description:
        "one search, at the budgets' geometric mean, whose order of the modules serves them all, in place of one a " +
        'budget',
    }),
    'score-within': shape.budget.meta({
      description:
        'say the smallest budget whose structure scores within this of --against: points (0.5) or a share of its ' +
        'score (1%); one search then serves all budgets',
      hint: 'MARGIN',
    }),
    against: shape.budget.meta({
      description: 'method with a size of its own that --score-within holds structures against (default lora)',
      hint: 'NAME',
    }),
    'fine-tuning-lr': shape.lr.meta({
      description: 'learning rate of full fine-tuning (default 3e-5; 3e-4 for mini)',
      hint: 'R',
    }),
  });
}

/** Every key of a comparison or a sweep: those of a run, of which some may be lists, and what is to be compared. */
export const experimentSchema = createSchema(builtIn);

/** The same with the names and options of a catalogue. */
export function experimentSchemaFor(catalogue: Catalogue): typeof experimentSchema {
  return catalogue === builtIn ? experimentSchema : createSchema(catalogue);
}

/** Every key of a comparison, checked (`parseExperimentSettings`). */
export type ExperimentSettings = Readonly<z.infer<typeof experimentSchema>>;

/**
 * Checks the keys of a comparison.
 * @throws InputError as `parseSettings`
 */
export function parseExperimentSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): ExperimentSettings {
  return parseKeys(experimentSchemaFor(catalogue), values, where);
}

/** Keys of a comparison that still say something where nothing is searched. */
function trainingKeysFor(catalogue: Catalogue) {
  const { shape } = experimentSchemaFor(catalogue);
  const {
    methods,
    'share-search': share,
    'fine-tuning-lr': rate,
    'score-within': within,
    against,
    ...ofEveryRun
  } = shape;
  const { epochs, 'search-steps': searchSteps, 'eval-every': evaluateEvery, ...rest } = ofEveryRun;
  const ofSearches = optionKeysOf(catalogue.strategies);
  return Object.fromEntries(Object.entries(rest).filter(([key]) => !Object.hasOwn(ofSearches, key))) as unknown as Omit<
    typeof rest,
    keyof OptionKeys
  >;
}

/** Every key of a transfer: those of trainings, and the sources. */
export function transferSchemaFor(catalogue: Catalogue) {
  const { task, ...ofTraining } = trainingKeysFor(catalogue);
  return z.strictObject({
    ...ofTraining,
    from: list(z.string().min(1)).meta({
      description:
        'structures to carry over: structure.json files, run folders, or folders of runs, with commas between them',
      hint: 'PATH,…',
    }),
    task: task.meta({ description: 'tasks to train them on, with commas between them', hint: 'NAME,…' }),
    map: settingsSchemaFor(catalogue).shape.map,
  });
}

/** Every key of a transfer, checked (`parseTransferSettings`). */
export type TransferSettings = Readonly<z.infer<ReturnType<typeof transferSchemaFor>>>;

/**
 * Checks the keys of a transfer.
 * @throws InputError as `parseSettings`
 */
export function parseTransferSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): TransferSettings {
  return parseKeys(transferSchemaFor(catalogue), values, where);
}

/** So many structures and seeds, where nothing is said: enough to tell components that differ by a half. */
export const usualSpread = { structures: 12, seeds: 2 } as const;

/** Beyond, trainings are better spent on other structures: their spread is what is to be known. */
export const mostSpreadSeeds = 16;

/** From so many on, a comparison shows nothing that matters and that fewer would not. */
export const manySeeds = 64;

/** Every key of a spread: those of trainings, and how many structures. */
export function spreadSchemaFor(catalogue: Catalogue) {
  const { 'validation-loss': _, seeds, ...ofTraining } = trainingKeysFor(catalogue);
  return z.strictObject({
    ...ofTraining,
    structures: trainingCount
      .min(2)
      .optional()
      .meta({
        description: `random structures of the budget to train (default ${usualSpread.structures})`,
        hint: 'N',
      }),
    seeds: seeds.meta({
      description: `how many seeds to train each with (default ${usualSpread.seeds}), or which (1,4)`,
      hint: 'N|N,N,…',
    }),
  });
}

/** Every key of a spread, checked (`parseSpreadSettings`). */
export type SpreadSettings = Readonly<z.infer<ReturnType<typeof spreadSchemaFor>>>;

/**
 * Checks the keys of a spread.
 * @throws InputError as `parseSettings`
 */
export function parseSpreadSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): SpreadSettings {
  return parseKeys(spreadSchemaFor(catalogue), values, where);
}
