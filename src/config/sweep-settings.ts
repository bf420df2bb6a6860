import { z } from 'zod';
import { matrixSchema } from './matrix-settings.ts';
import { parseKeys } from './parse-settings.ts';

/** Every key of a sweep: those of a comparison, and how many of its runs are done at a time. */
export const sweepSchema = z.strictObject({
  ...matrixSchema.shape,
  processes: z.coerce.number().int().positive().optional().meta({
    description:
      'runs at a time, each in a process of its own; the threads are divided among them (default: one for two cores)',
    hint: 'N',
  }),
});

export type SweepSettings = Readonly<z.infer<typeof sweepSchema>>;
export const sweepKeys = Object.keys(sweepSchema.shape) as (keyof SweepSettings)[];

/**
 * Checks the keys of a sweep.
 * @throws InputError as `parseSettings`
 */
export function parseSweepSettings(values: unknown, where: (key: string) => string): SweepSettings {
  return parseKeys(sweepSchema, values, where);
}
