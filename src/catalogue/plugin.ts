import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import type { Delta } from '../deltas/delta.ts';
import type { Exporters } from '../export/formats.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Families } from '../models/families.ts';
import type { Strategies } from '../search/strategies/strategies.ts';
import type { Methods } from '../structure/method.ts';
import type { Spaces } from '../structure/spaces.ts';
import type { Task } from '../tasks/task.ts';

/** What somebody adds to the package from outside: lists of it, each by the names that settings and files then know. */
export interface Plugin {
  /** What messages and structure files call it. */
  readonly name: string;
  readonly deltas?: readonly Delta[];
  readonly spaces?: Spaces;
  readonly methods?: Methods;
  readonly strategies?: Strategies;
  readonly tasks?: readonly Task[];
  readonly metrics?: Metrics;
  readonly families?: Families;
  readonly exporters?: Exporters;
}

export type ListName = Exclude<keyof Plugin, 'name'>;

type Kind = 'string' | 'number' | 'boolean' | 'function' | 'object';

interface Shape {
  /** One of the list, in messages. */
  readonly one: string;
  /** What an entry that carries its own name calls it; entries of the others have theirs as a key. */
  readonly named?: string;
  readonly members: Readonly<Record<string, Kind>>;
}

const texts = { label: 'string', description: 'string' } as const;

/** The lists, and what each of their entries must have. */
export const lists: Readonly<Record<ListName, Shape>> = {
  deltas: {
    one: 'delta',
    named: 'kind',
    members: {
      ...{ label: 'string', defaults: 'object', hosts: 'function', parameters: 'function' },
      ...{ inert: 'function', contribute: 'function' },
    },
  },
  spaces: { one: 'space', members: { ...texts, rules: 'object' } },
  methods: { one: 'method', members: { label: 'string', budgeted: 'boolean', attempts: 'function' } },
  strategies: {
    one: 'strategy',
    named: 'name',
    members: { ...texts, options: 'object', varied: 'object', cost: 'function', search: 'function' },
  },
  tasks: {
    one: 'task',
    named: 'name',
    members: {
      ...{ description: 'string', metric: 'string', maxSourceLength: 'number', presets: 'object' },
      ...{ find: 'function', mayRead: 'function', load: 'function', split: 'function' },
    },
  },
  metrics: { one: 'metric', members: {} },
  families: { one: 'family', members: { load: 'function', openCodecs: 'function' } },
  exporters: { one: 'exporter', members: { description: 'string', check: 'function', write: 'function' } },
};

/** Names stand in lists with commas, in flags and in the names of folders. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u;

/** A list of a plugin by the names of its entries. */
export function entriesOf(plugin: Plugin, list: ListName): [name: string, entry: unknown][] {
  const { named } = lists[list];
  const given: object = plugin[list] ?? {};
  if (named === undefined) return Object.entries(given);
  return Array.isArray(given) ? given.map(entry => [String(entry?.[named]), entry]) : [];
}

/**
 * A plugin as it is, checked.
 * @throws InputError for a list that there is not, and an entry that lacks what its list needs
 * @example
 * export default definePlugin({ name: 'half', metrics: { half: predictions => predictions.length / 2 } });
 */
export function definePlugin(plugin: Plugin): Plugin {
  checkPlugin(plugin);
  return plugin;
}

/** @throws InputError where it is no plugin: what is wrong, and what to write */
export function checkPlugin(value: unknown): asserts value is Plugin {
  if (typeof value !== 'object' || value === null) {
    throw new InputError(`a plugin is an object, not ${value === null ? 'null' : typeof value}`, {
      code: 'bad-plugin',
      remedy: "write `export default definePlugin({ name: 'mine', … })`",
    });
  }
  const plugin = value as Plugin;
  if (typeof plugin.name !== 'string' || !NAME.test(plugin.name)) {
    throw new InputError(`a plugin needs a name of letters, digits, -, _ and .`, {
      code: 'bad-plugin',
      remedy: "write `name: 'mine'`",
    });
  }
  const known = ['name', ...Object.keys(lists)];
  for (const key of Object.keys(plugin)) {
    if (known.includes(key)) continue;
    const [nearest] = nearestNames(key, known);
    throw new InputError(`a plugin has no list \`${key}\``, {
      code: 'bad-plugin',
      remedy: nearest === undefined ? `the lists are ${known.slice(1).join(', ')}` : `did you mean \`${nearest}\`?`,
    });
  }
  for (const list of Object.keys(lists) as ListName[]) checkList(plugin, list);
}

function checkList(plugin: Plugin, list: ListName): void {
  const { one, named, members } = lists[list];
  const given = plugin[list];
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== (named !== undefined)) {
    const form = named === undefined ? `${list}: { name: … }` : `${list}: [ … ]`;
    throw new InputError(`\`${list}\` has the wrong form`, { code: 'bad-plugin', remedy: `write \`${form}\`` });
  }
  for (const [name, entry] of entriesOf(plugin, list)) {
    if (!NAME.test(name)) {
      throw new InputError(`\`${name}\` is no name for a ${one}`, {
        code: 'bad-plugin',
        remedy: 'use letters, digits, -, _ and .',
      });
    }
    const isFunction = Object.keys(members).length === 0;
    if (typeof entry !== (isFunction ? 'function' : 'object') || entry === null) {
      throw new InputError(`the ${one} ${name} is no ${isFunction ? 'function' : 'object'}`, {
        code: 'bad-plugin',
        remedy: `see docs/plugins.md for what a ${one} is`,
      });
    }
    for (const [member, kind] of Object.entries(members)) {
      const found = (entry as Readonly<Record<string, unknown>>)[member];
      if (typeof found === kind && found !== null) continue;
      throw new InputError(`the ${one} ${name} has no \`${member}\` that is a ${kind}`, {
        code: 'bad-plugin',
        remedy: `give it one: docs/plugins.md says what a ${one} has`,
      });
    }
  }
}
