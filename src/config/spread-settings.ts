import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { trainingKeysFor } from './experiment-settings.ts';
import { parseKeys } from './parse-settings.ts';

/** So many structures and seeds, where nothing is said: enough to tell components that differ by a half. */
export const usualSpread = { structures: 12, seeds: 2 } as const;

/** Beyond, trainings are better spent on other structures: their spread is what is to be known. */
export const mostSpreadSeeds = 16;

/** Every key of a spread: those of trainings, and how many structures. */
export function spreadSchemaFor(catalogue: Catalogue) {
  const { 'validation-loss': _, seeds, ...ofTraining } = trainingKeysFor(catalogue);
  return z.strictObject({
    ...ofTraining,
    structures: z.coerce
      .number()
      .int()
      .min(2)
      .max(1000)
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
