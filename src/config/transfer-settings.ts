import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { type OptionKeys, optionKeysOf } from '../search/strategies/strategies.ts';
import { experimentSchemaFor } from './experiment-settings.ts';
import { list } from './list-key.ts';
import { parseKeys } from './parse-settings.ts';
import { settingsSchemaFor } from './settings.ts';

/** Keys of a comparison that still say something where nothing is searched. */
export function trainingKeysFor(catalogue: Catalogue) {
  const { shape } = experimentSchemaFor(catalogue);
  const { methods, 'share-search': share, 'fine-tuning-lr': rate, ...ofEveryRun } = shape;
  const { epochs, 'eval-every': evaluateEvery, ...rest } = ofEveryRun;
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
