import { nearestNames } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import { mlflow } from './mlflow.ts';
import { tensorboard } from './tensorboard.ts';
import type { Tracker } from './tracker.ts';
import { trackio } from './trackio.ts';

/** Every tracker by the name that `--log` takes. */
export const trackers: Readonly<Record<string, Tracker>> = { tensorboard, trackio, mlflow };

/** For help: each with what it is. */
export const trackersInWords: string = Object.entries(trackers)
  .map(([name, { description }]) => `${name} (${description})`)
  .join(', ');

/**
 * Names with commas between them.
 * @throws InputError naming the flag, for one there is not
 */
export function trackersNamed(text: string, flag: string): ReadonlyMap<string, Tracker> {
  const names = text.split(',').map(name => name.trim());
  return new Map(
    names.map(name => {
      if (Object.hasOwn(trackers, name)) return [name, trackers[name]!];
      const [nearest] = nearestNames(name, Object.keys(trackers));
      throw new InputError(`there is no tracker \`${name}\``, {
        code: 'unknown-name',
        where: flag,
        remedy: nearest ? `did you mean \`${nearest}\`?` : `the trackers are ${Object.keys(trackers).join(', ')}`,
      });
    }),
  );
}
