import { z } from 'zod';
import { unknownName } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { type Place, type Role, roleNames, stacks } from '../core/site.ts';

const role = z.enum(roleNames, {
  error: ({ input }) => {
    const { message, remedy } = unknownName('role', String(input), roleNames);
    return `${message}; ${remedy}`;
  },
});

/** Role and place of a site, as files that name sites hold them. */
export const sitePosition = {
  role,
  place: z.object({ stack: z.enum(stacks), layer: z.int().nonnegative() }),
};

/**
 * Rows of the heat map without the kind, as version 1 of structures and histories named them, and the roles they stood
 * for.
 */
const ROLES: Readonly<Record<string, Role>> = {
  Embedding: 'embedding',
  'SelfAttn.LN': 'self-attention.norm',
  SelfAttn: 'self-attention',
  'SelfAttn.Q': 'self-attention.query',
  'SelfAttn.K': 'self-attention.key',
  'SelfAttn.V': 'self-attention.value',
  'SelfAttn.O': 'self-attention.output',
  'SelfAttn.RelBias': 'position-bias',
  'CrossAttn.LN': 'cross-attention.norm',
  CrossAttn: 'cross-attention',
  'CrossAttn.Q': 'cross-attention.query',
  'CrossAttn.K': 'cross-attention.key',
  'CrossAttn.V': 'cross-attention.value',
  'CrossAttn.O': 'cross-attention.output',
  'FFN.LN': 'feed-forward.norm',
  FFN: 'feed-forward',
  'FFN.Wi': 'feed-forward.in',
  'FFN.Wi_0': 'feed-forward.gate',
  'FFN.Wi_1': 'feed-forward.in',
  'FFN.Wo': 'feed-forward.out',
  Final_LN: 'final.norm',
  LM_head: 'lm-head',
};

/** Its columns were `E.3` and `D.0`. */
const COLUMN = /^([ED])\.(\d+)$/;

/**
 * A module of version 1, which had `column` and `position`, with `place` and `role` in their stead; what it called α,
 * by which its only strategy ranked, is what the search thinks it worth. All else is as it is.
 */
export function upgradedModule(record: unknown, where?: string): unknown {
  if (typeof record !== 'object' || record === null) return record;
  const { column, position, alpha, ...rest } = record as Record<string, unknown>;
  const worth = alpha === undefined ? {} : { worth: alpha };
  return { ...rest, ...worth, place: placeOf(column, where), role: roleOf(position, where) };
}

function placeOf(column: unknown, where: string | undefined): Place {
  const [, letter, layer] = COLUMN.exec(String(column)) ?? [];
  if (letter !== undefined) return { stack: letter === 'E' ? 'encoder' : 'decoder', layer: Number(layer) };
  const remedy = 'columns are E.0, E.1, … and D.0, D.1, …: the file was changed by hand, search again';
  throw new InputError(`"${column}" is no column of version 1`, { code: 'unreadable-structure', where, remedy });
}

function roleOf(position: unknown, where: string | undefined): Role {
  const name = String(position);
  if (Object.hasOwn(ROLES, name)) return ROLES[name]!;
  throw unknownName('position of version 1', name, Object.keys(ROLES), where);
}
