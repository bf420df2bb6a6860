import type { RunResult } from '../runs/result.ts';
import type { Structure } from '../structure/structure-file.ts';
import type { Prepared } from './prepare.ts';

/** A run's result before anything is scored. Without a budget, what the structure spends stands for it. */
export function resultOf({ data, model, settings }: Prepared, structure: Structure): RunResult {
  const kept = structure.modules.filter(module => module.kept);
  const parameters = kept.reduce((sum, module) => sum + module.parameters, 0);
  const budget = structure.budget ?? parameters;
  return {
    task: data.task.name,
    model: model.name,
    seed: settings.seed,
    device: settings.device,
    data: {
      ...{ train: data.train.length, validation: data.validation.targets.length, test: data.test.targets.length },
      note: data.note,
      ...(data.incomplete !== undefined && { incomplete: data.incomplete }),
      ...(data.tooLong !== undefined && { tooLong: data.tooLong }),
    },
    budget: { parameters: budget, fraction: budget / model.parameters },
    structure: { modules: kept.length, parameters, ...(structure.source && { source: structure.source }) },
    resources: {},
  };
}
