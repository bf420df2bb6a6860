import { count } from '../../core/units.ts';
import { downloadMessages } from '../../jobs/job-events.ts';
import { builtInModels, type LoadOptions, loadModel } from '../../models/load-model.ts';
import { tableLines } from '../../report/table.ts';
import { listSpace, spaces } from '../../structure/spaces.ts';
import type { Command } from '../command.ts';

export const models: Command = {
  description: 'Show the built-in models, or one in a folder: parameters and candidates of each search space',
  args: { model: { type: 'positional', required: false, description: 'folder of a model, or org/name on the Hub' } },
  async run(args, { onEvent, signal }) {
    const names = args.model === undefined ? builtInModels : [String(args.model)];
    const found = await Promise.all(
      names.map(name => describe(name, { onDownload: downloadMessages(onEvent), signal })),
    );
    const rows = found.map(({ name, parameters, candidates }) => [
      name,
      count(parameters),
      ...Object.values(candidates).map(count),
    ]);
    const header = ['model', 'parameters', ...Object.keys(spaces).map(space => `${space} candidates`)];
    return { document: { models: found }, lines: tableLines({ header, rows }) };
  },
};

async function describe(nameOrFolder: string, options: LoadOptions) {
  const { name, folder, parameters, sites } = await loadModel(nameOrFolder, options);
  const candidates = Object.fromEntries(Object.keys(spaces).map(space => [space, listSpace(sites, space).length]));
  return { name, folder, parameters, candidates };
}
