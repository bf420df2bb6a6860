import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';

/** A folder on a disk of its own that is soon full. */
export interface SmallDisk {
  readonly folder: string;
  /** Makes the disk larger, as someone does who frees some space. */
  grow(megabytes: number): void;
  remove(): void;
}

/** Why there can be none here; undefined where there can. */
export function noSmallDisk(): string | undefined {
  try {
    smallDisk(1).remove();
    return undefined;
  } catch {
    return 'no tmpfs may be mounted here';
  }
}

export function smallDisk(megabytes: number): SmallDisk {
  // `npm test` has a temporary folder of its own, which no other user may enter, PostgreSQL's for one.
  const folder = mkdtempSync('/tmp/s3delta-small-');
  const mount = (options: string) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  const size = (megabytes: number) => `size=${Math.round(megabytes * 1024)}k`;
  mount(size(megabytes));
  return {
    folder,
    grow: megabytes => void mount(`remount,${size(megabytes)}`),
    // Whoever still has a file open there keeps it until then.
    remove: () => void execFileSync('umount', ['--lazy', folder]),
  };
}
