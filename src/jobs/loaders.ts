import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { type LoadOptions, loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import type { DeviceName } from '../runtime/device.ts';
import { loadTask, type Task } from '../tasks/tasks.ts';

/** Takes a sentence for people. */
export type Tell = (text: string) => void;

/** Where a job gets its model, its task and the device it computes on. */
export interface Loaders {
  model(nameOrFolder: string, options: LoadOptions): Promise<Model>;
  task(nameOrFile: string, catalogue?: Pick<Catalogue, 'tasks' | 'metrics'>): Promise<Task>;
  device(asked: Settings['device'], tell?: Tell): Promise<DeviceName>;
}

/** From their files, and measured, anew each time. */
export const freshLoaders: Loaders = {
  model: loadModel,
  task: loadTask,
  device: (asked, tell) => chooseDevice(asked, { tell }),
};
