import { InputError } from '../errors.ts';
import { readBudget } from '../structure/budget.ts';
import type { Settings } from './settings.ts';

/** Settings that name what no default can know. */
export type JobSettings = Settings & { readonly model: string; readonly task: string };

/** @throws InputError where the model or the task is not said */
export function requireModelAndTask(settings: Settings): JobSettings {
  const { model, task } = settings;
  if (task === undefined) {
    throw new InputError('no task is given', {
      where: '--task',
      remedy: 'name one, for example `--task rte` (`s3delta tasks` lists them)',
    });
  }
  if (model === undefined) {
    throw new InputError('no model is given', {
      where: '--model',
      remedy: 'give a folder with a T5 checkpoint, or `--model mini` for the built-in one',
    });
  }
  return { ...settings, model, task };
}

/** @throws InputError for a device that this version cannot compute on */
export function requireDevice(settings: Settings): void {
  if (settings.device === 'webgpu' || settings.device === 'cuda') {
    throw new InputError(`this version does not compute on ${settings.device} yet`, {
      where: '--device',
      remedy: 'give `--device cpu`, or leave it out',
    });
  }
}

/** A misspelt budget is told before a model is read. @throws InputError */
export function requireReadableBudget({ budget }: Settings): void {
  if (budget !== undefined) readBudget(budget);
}

/** What `train` tunes must be said once: by a method or by a structure file. @throws InputError otherwise */
export function requireMethodOrStructure(settings: Settings): void {
  if ((settings.method === undefined) === (settings.structure === undefined)) {
    throw new InputError(
      settings.method === undefined
        ? 'neither a method nor a structure is given'
        : 'both a method and a structure are given',
      {
        where: '--method, --structure',
        remedy: 'give one of them, for example `--method lora` or `--structure runs/rte/structure.json`',
      },
    );
  }
}
