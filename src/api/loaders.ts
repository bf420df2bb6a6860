import { type LoadOptions, loadModel } from '../models/load.ts';
import type { Model } from '../models/model.ts';
import { loadTask, type Task } from '../tasks/index.ts';

/** Where a job gets its model and its task. */
export interface Loaders {
  model(nameOrFolder: string, options: LoadOptions): Promise<Model>;
  task(nameOrFile: string): Promise<Task>;
}

/** From their files, anew each time. */
export const freshLoaders: Loaders = { model: loadModel, task: loadTask };
