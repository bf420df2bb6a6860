import { evenLora } from '../structure/even-lora.ts';
import { createStructure } from '../structure/structure-file.ts';
import type { Prepared } from './prepare.ts';
import { openSpace } from './structures.ts';
import type { Trial } from './trials.ts';

/** Learning rates to try, as multiples of the setting's: those of the paper's grid (a tenth to ten times) and between. */
const rateFactors = [0.1, 0.3, 1, 3, 10];

/**
 * The first honest rival of a search: no search, LoRA as even as the budget allows, its learning rate chosen on D_val.
 * @throws InputError where the budget holds no module
 */
export function evenLoraTrials({ model, settings }: Prepared): Trial[] {
  const { budget } = openSpace(model, settings);
  const modules = evenLora(model.sites, budget);
  const structure = createStructure(model, { space: 'tuned-lora', budget }, modules, { kept: modules.map(() => true) });
  return rateFactors.map(factor => {
    const lr = Number((settings.lr * factor).toPrecision(6));
    return { name: `lr-${lr}`, structure, settings: { ...settings, lr } };
  });
}
