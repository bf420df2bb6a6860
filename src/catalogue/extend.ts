import { InputError } from '../core/errors.ts';
import type { Catalogue } from './catalogue.ts';
import { checkPlugin, entriesOf, type ListName, lists, type Plugin } from './plugin.ts';

/** Rows of a comparison: a strategy and a method of one name would be one. */
const rows: readonly ListName[] = ['methods', 'strategies'];

/**
 * A catalogue with plugins beside what it had; it stays as it is itself. One that it has already is passed over.
 * @throws InputError for what is no plugin, and for a name that is taken
 */
export function extend(catalogue: Catalogue, plugins: readonly Plugin[]): Catalogue {
  return plugins.reduce(withPlugin, catalogue);
}

function withPlugin(catalogue: Catalogue, plugin: Plugin): Catalogue {
  if (catalogue.plugins.includes(plugin)) return catalogue;
  checkPlugin(plugin);
  for (const list of Object.keys(lists) as ListName[]) checkNames(catalogue, plugin, list);
  const { name, deltas = [], spaces, methods, strategies = [], tasks = [], metrics, families, exporters } = plugin;
  const brought = deltas.map(delta => [delta.kind, { ...delta, plugin: name }]);
  return {
    deltas: { ...catalogue.deltas, ...Object.fromEntries(brought) },
    spaces: { ...catalogue.spaces, ...spaces },
    methods: { ...catalogue.methods, ...methods },
    strategies: [...catalogue.strategies, ...strategies],
    tasks: [...catalogue.tasks, ...tasks],
    metrics: { ...catalogue.metrics, ...metrics },
    families: { ...catalogue.families, ...families },
    exporters: { ...catalogue.exporters, ...exporters },
    plugins: [...catalogue.plugins, plugin],
  };
}

/** @throws InputError for a name that the catalogue, or the plugin itself, has already */
function checkNames(catalogue: Catalogue, plugin: Plugin, list: ListName): void {
  const taken = rows.includes(list) ? rows : [list];
  const before = new Set(taken.flatMap(each => namesIn(catalogue, each)));
  const own = new Set<string>();
  for (const [name] of entriesOf(plugin, list)) {
    if (before.has(name) || own.has(name)) {
      const owner = catalogue.plugins.find(other =>
        taken.some(each => entriesOf(other, each).some(([n]) => n === name)),
      );
      const whose = own.has(name)
        ? 'twice'
        : `and ${owner === undefined ? 's3delta' : `the plugin ${owner.name}`} has one`;
      throw new InputError(`the plugin ${plugin.name} brings the ${lists[list].one} \`${name}\`, ${whose}`, {
        code: 'name-taken',
        remedy: 'give it another name',
      });
    }
    own.add(name);
  }
}

function namesIn(catalogue: Catalogue, list: ListName): readonly string[] {
  const entries = catalogue[list];
  const { named } = lists[list];
  if (named === undefined || !Array.isArray(entries)) return Object.keys(entries);
  return entries.map(entry => String((entry as unknown as Record<string, unknown>)[named]));
}
