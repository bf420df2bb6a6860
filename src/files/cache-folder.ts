import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where files lie that can be made again at any time: $S3DELTA_CACHE, or `s3delta` in the user's cache folder. */
export function cacheFolder(): string {
  const { S3DELTA_CACHE: own, XDG_CACHE_HOME: users } = process.env;
  return own || join(users || join(homedir(), '.cache'), 's3delta');
}
