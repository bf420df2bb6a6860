import type { Model } from '../../../src/index.ts';
import { listSpace, parseBudget, randomStructure } from '../../../src/research.ts';

/**
 * Where S³Delta's authors keep modules: of the structure of the mean p over all tasks, 1.39 ‱ of T5-large, that their
 * code comes with (thunlp/S3Delta, `all_tasks_avg`). Named are the quarters of a stack in which at least half of the
 * blocks keep the module: nearly all are biases of the decoder's norms, and no LoRA is on a value or an output.
 */
const KEPT: readonly (readonly [stack: string, role: string, kind: string, quarters: readonly number[]])[] = [
  ['encoder', 'self-attention.query', 'lora', [3]],
  ['encoder', 'self-attention.norm', 'bitfit', [3]],
  ['encoder', 'final.norm', 'bitfit', [3]],
  ['encoder', 'final.norm', 'lnfit', [3]],
  ['decoder', 'self-attention.query', 'lora', [3]],
  ['decoder', 'self-attention.norm', 'bitfit', [1, 2, 3]],
  ['decoder', 'cross-attention.norm', 'bitfit', [0, 1, 2, 3]],
  ['decoder', 'feed-forward', 'low-rank-adapter', [0]],
  ['decoder', 'final.norm', 'bitfit', [3]],
  ['decoder', 'final.norm', 'lnfit', [3]],
];

/**
 * What of it the budget holds on a model of four blocks a stack, a quarter each, drawn by the seed: all of it is 0.05 %
 * of the built-in model.
 */
export function authorsModules(model: Model, seed: number, budget: string): string[] {
  const modules = listSpace(model.sites, 'mixed').filter(({ site: { role, place }, kind }) =>
    KEPT.some(
      ([stack, where, what, quarters]) =>
        stack === place.stack && where === role && what === kind && quarters.includes(place.layer),
    ),
  );
  const kept = randomStructure(modules, { budget: parseBudget(budget, model.parameters), keepInert: false, seed });
  return modules.filter((_, i) => kept[i]).map(({ id }) => id);
}
