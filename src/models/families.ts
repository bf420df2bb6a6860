import { join } from 'node:path';
import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { readJson } from '../files/text-files.ts';
import { bert } from './bert/bert.ts';
import { distilbert } from './distilbert/distilbert.ts';
import type { Family } from './model.ts';
import { modernbert } from './modernbert/modernbert.ts';
import { mpnet } from './mpnet/mpnet.ts';
import { roberta } from './roberta/roberta.ts';
import { t5Family } from './t5/t5.ts';
import { MT5, T5, UMT5 } from './t5/t5-checkpoint.ts';

/** Families by the `model_type` of config.json. */
export type Families = Readonly<Record<string, Family>>;

/** Every family that comes with the package. A new one is a folder beside this file and a word here. */
export const families: Families = {
  t5: t5Family(T5),
  mt5: t5Family(MT5),
  umt5: t5Family(UMT5),
  bert,
  roberta,
  'xlm-roberta': roberta,
  distilbert,
  mpnet,
  modernbert,
};

/**
 * The family of the model in a folder, and its parsed config.json.
 * @throws InputError where that is missing or damaged, or names no family that is known
 */
export async function familyIn(
  folder: string,
  known: Families = families,
): Promise<{ readonly family: Family; readonly config: unknown }> {
  const where = join(folder, 'config.json');
  const config = await readJson(where);
  const name =
    typeof config === 'object' && config !== null && 'model_type' in config ? String(config.model_type) : undefined;
  const family = name !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
  if (family !== undefined) return { family, config };
  const [nearest] = nearestNames(name ?? '', Object.keys(known));
  throw new InputError(`the model family is ${name ?? 'not named'}`, {
    code: 'unknown-family',
    where,
    remedy:
      'supported families (model_type): ' +
      `${Object.keys(known).join(', ')}${nearest ? `; the nearest is ${nearest}` : ''}`,
  });
}
