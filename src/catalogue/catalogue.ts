import { InputError } from '../core/errors.ts';
import { type Deltas, deltas } from '../deltas/kinds.ts';
import { type Exporters, exporters } from '../export/formats.ts';
import { type Metrics, metrics } from '../metrics/metrics.ts';
import { type Families, families } from '../models/families.ts';
import { type Strategies, strategies } from '../search/strategies/strategies.ts';
import { methods } from '../structure/built-in-methods.ts';
import type { Methods } from '../structure/method.ts';
import { type Spaces, spaces } from '../structure/spaces.ts';
import { type Task, tasks } from '../tasks/tasks.ts';
import { checkPlugin, entriesOf, type ListName, lists, type Plugin } from './plugin.ts';

/**
 * All that has a name which a user may write: every list of the project in one value. Who reads such names is handed a
 * catalogue; who works with what they stand for knows none.
 */
export interface Catalogue {
  readonly deltas: Deltas;
  readonly spaces: Spaces;
  readonly methods: Methods;
  /** The first is used where none is named. */
  readonly strategies: Strategies;
  readonly tasks: readonly Task[];
  readonly metrics: Metrics;
  /** By the `model_type` of config.json. */
  readonly families: Families;
  readonly exporters: Exporters;
  /** What it was extended with, beside what comes with the package. */
  readonly plugins: readonly Plugin[];
}

/** What comes with the package. */
export const builtIn: Catalogue = {
  ...{ deltas, spaces, methods, tasks, metrics, families, exporters },
  // As an array their options differ; whoever reads them goes by the schema of each.
  strategies: strategies as unknown as Strategies,
  plugins: [],
};

/** A part of what a function is given: the names it may read (default: those of the package). */
export interface WithCatalogue {
  readonly catalogue?: Catalogue | undefined;
}

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
