import { z } from 'zod';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { experimentSchemaFor } from './experiment-settings.ts';
import { parseKeys } from './parse-settings.ts';

const processes = z.coerce.number().int().positive().optional().meta({
  description:
    'runs at a time, each in a process of its own; the threads are divided among them (default: one for two cores)',
  hint: 'N',
});

/** Every key of a sweep: those of a comparison, and how many of its runs are done at a time. */
export function sweepSchemaFor(catalogue: Catalogue) {
  return z.strictObject({ ...experimentSchemaFor(catalogue).shape, processes });
}

export type SweepSettings = Readonly<z.infer<ReturnType<typeof sweepSchemaFor>>>;

/**
 * Checks the keys of a sweep.
 * @throws InputError as `parseSettings`
 */
export function parseSweepSettings(
  values: unknown,
  where: (key: string) => string,
  catalogue: Catalogue = builtIn,
): SweepSettings {
  return parseKeys(sweepSchemaFor(catalogue), values, where);
}
