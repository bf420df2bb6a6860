import type { Catalogue } from '../../catalogue/catalogue.ts';
import { count } from '../../core/units.ts';
import { downloadMessages } from '../../jobs/job-events.ts';
import { builtInModelNames } from '../../models/built-in.ts';
import { type LoadOptions, loadModel } from '../../models/load-model.ts';
import { tableLines } from '../../report/table.ts';
import { listSpace } from '../../structure/spaces.ts';
import type { Command } from '../command.ts';

export const models: Command = {
  description: 'Show the built-in models, or one in a folder: parameters and candidates of each search space',
  args: { model: { type: 'positional', required: false, description: 'folder of a model, or org/name on the Hub' } },
  async run(args, { onEvent, signal, catalogue }) {
    const names = args.model === undefined ? builtInModelNames : [String(args.model)];
    const found = await Promise.all(
      names.map(name =>
        describe(name, { onDownload: downloadMessages(onEvent), signal, families: catalogue.families }, catalogue),
      ),
    );
    const rows = found.map(({ name, parameters, candidates }) => [
      name,
      count(parameters),
      ...Object.values(candidates).map(count),
    ]);
    const header = ['model', 'parameters', ...Object.keys(catalogue.spaces).map(space => `${space} candidates`)];
    return { document: { models: found }, lines: tableLines({ header, rows }) };
  },
};

async function describe(nameOrFolder: string, options: LoadOptions, catalogue: Catalogue) {
  const { name, folder, parameters, sites } = await loadModel(nameOrFolder, options);
  const candidates = Object.fromEntries(
    Object.keys(catalogue.spaces).map(space => [space, listSpace(sites, space, catalogue).length]),
  );
  return { name, folder, parameters, candidates };
}
