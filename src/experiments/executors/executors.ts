import { z } from 'zod';
import { parseKeys } from '../../config/parse-settings.ts';
import { type KeyHelp, key } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import type { Flags } from '../../report/verdict/verdict.ts';
import type { ExecutorKind } from './executor.ts';
import { here } from './here.ts';
import { postgres } from './postgres.ts';
import { slurm } from './slurm/slurm.ts';

/** Every executor; the first is the one that is used where none is named. A new one is a word here. */
export const executors: readonly ExecutorKind[] = [here, slurm, postgres] as unknown as readonly ExecutorKind[];

const [usual] = executors as readonly [ExecutorKind];

/** Who is to do the runs: `executor`, and options of that executor. What a key may be, `executorKeys` says. */
export type ExecutorSettings = Readonly<Record<string, unknown>>;

/** `executor`, and the options of all executors, as keys that may be left out. */
export function executorKeys(): Readonly<Record<string, z.ZodType>> {
  const named = executors.map(({ name, description }) => `${name} (${description})`).join(', ');
  return {
    executor: key(z.enum(executors.map(({ name }) => name)), `who does the runs: ${named}; without it, ${usual.name}`),
    ...optionKeys(executors),
  };
}

/** Keys that `status` and `stop` need to reach a queue. */
export function queueKeys(): Readonly<Record<string, z.ZodType>> {
  const reaching = executors.flatMap(({ reachedBy = [] }) => reachedBy);
  return Object.fromEntries(Object.entries(optionKeys(executors)).filter(([name]) => reaching.includes(name)));
}

/** The same key of several executors is one: it means the same for each. */
function optionKeys(kinds: readonly ExecutorKind[]): Record<string, z.ZodType> {
  const all = kinds.flatMap(({ name, options }) =>
    Object.entries<z.ZodType>(options.shape).map(([option, schema]) => ({ name, option, schema })),
  );
  return Object.fromEntries(
    [...Map.groupBy(all, ({ option }) => option)].map(([option, owners]) => {
      const { schema } = owners[0]!;
      const inner = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType).optional() : schema;
      const { description, ...help } = schema.meta() as KeyHelp & { description: string };
      const names = owners.map(({ name }) => name).join(', ');
      return [option, inner.meta({ ...help, description: `${names}: ${description}${defaultsText(owners)}` })];
    }),
  );
}

/** ` (default 1)`, of each owner where there are several; nothing where the key may be left out. */
function defaultsText(owners: readonly { readonly name: string; readonly schema: z.ZodType }[]): string {
  const values = owners.flatMap(({ name, schema }) =>
    schema instanceof z.ZodDefault
      ? [owners.length > 1 ? `${name} ${schema.def.defaultValue}` : schema.def.defaultValue]
      : [],
  );
  return values.length === 0 ? '' : ` (default ${values.join(', ')})`;
}

/** Who is to do the runs, as flags. Where a queue is may hold a password: that is never written down. */
export function executorFlags(given: ExecutorSettings): Flags {
  const reaching = Object.keys(queueKeys());
  return Object.fromEntries(Object.entries(given).filter(([key]) => !reaching.includes(key))) as Flags;
}

/**
 * The executor that is asked for, and its options with everything that was left out filled in.
 * @throws InputError for an option of another executor, and a value that an option cannot have
 */
export function chosenExecutor(given: ExecutorSettings = {}): {
  readonly kind: ExecutorKind;
  readonly options: Readonly<Record<string, unknown>>;
} {
  const { executor = usual.name, ...options } = parseKeys(z.strictObject(executorKeys()), given, key => `--${key}`);
  const kind = executors.find(({ name }) => name === executor)!;
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(kind.options.shape, option)) continue;
    const owners = executors.filter(other => Object.hasOwn(other.options.shape, option)).map(({ name }) => name);
    throw new InputError(`\`${option}\` is an option of the executor ${owners.join(' and ')}, not of ${kind.name}`, {
      code: 'option-of-another-executor',
      where: `--${option}`,
      remedy: `leave it out, or give \`--executor ${owners[0]}\``,
    });
  }
  return { kind, options: kind.options.parse(options) };
}
