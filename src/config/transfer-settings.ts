import { z } from 'zod';
import { type OptionKeys, optionKeys } from '../search/strategies/strategies.ts';
import { list, matrixSchema } from './matrix-settings.ts';
import { parseKeys } from './parse-settings.ts';
import { settingsSchema } from './settings.ts';

const { methods, 'share-search': share, 'fine-tuning-lr': rate, task, ...ofEveryRun } = matrixSchema.shape;
const { epochs, 'eval-every': evaluateEvery, ...rest } = ofEveryRun;
/** Nothing is searched. */
const ofTraining = Object.fromEntries(
  Object.entries(rest).filter(([key]) => !Object.hasOwn(optionKeys, key)),
) as unknown as Omit<typeof rest, keyof OptionKeys>;

/** Every key of a transfer: those of a comparison that still say something where nothing is searched, and the sources. */
export const transferSchema = z.strictObject({
  ...ofTraining,
  from: list(z.string().min(1)).meta({
    description:
      'structures to carry over: structure.json files, run folders, or folders of runs, with commas between them',
    hint: 'PATH,…',
  }),
  task: task.meta({ description: 'tasks to train them on, with commas between them', hint: 'NAME,…' }),
  map: settingsSchema.shape.map,
});

export type TransferSettings = Readonly<z.infer<typeof transferSchema>>;
export const transferKeys = Object.keys(transferSchema.shape) as (keyof TransferSettings)[];

/**
 * Checks the keys of a transfer.
 * @throws InputError as `parseSettings`
 */
export function parseTransferSettings(values: unknown, where: (key: string) => string): TransferSettings {
  return parseKeys(transferSchema, values, where);
}
