import { z } from 'zod';
import { unknownName } from '../core/checked-values.ts';
import { roleNames, stacks } from '../core/site.ts';

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
