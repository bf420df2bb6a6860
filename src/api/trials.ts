import type { ResolvedSettings } from '../config/resolve.ts';
import type { Structure } from '../structure/structure-file.ts';
import { bestOfRandomTrials } from './best-of-random.ts';
import { givenStructure } from './given-structure.ts';
import type { Prepared } from './prepare.ts';
import { evenLoraTrials } from './tuned-lora.ts';

/** One attempt of a training: a structure, and the settings it is tuned with. The best on validation is kept. */
export interface Trial {
  /** Short and unique among the trials, fit for a file name; absent where there is only one. */
  readonly name?: string;
  readonly structure: Structure;
  readonly settings: ResolvedSettings;
}

/** Methods that choose among several attempts. Every other makes one. */
const methodsOfTrials: Readonly<Record<string, (prepared: Prepared) => Trial[]>> = {
  'tuned-lora': evenLoraTrials,
  'best-of-random': bestOfRandomTrials,
};

/**
 * What `train` was told to tune, in the attempts that its method makes.
 * @throws InputError where a structure file does not fit the model, or the budget holds no module
 */
export async function listTrials(prepared: Prepared): Promise<Trial[]> {
  const { settings, model } = prepared;
  const many = methodsOfTrials[settings.method ?? ''];
  return many === undefined ? [{ structure: await givenStructure(settings, model), settings }] : many(prepared);
}
