import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Provenance } from '../config/config-file.ts';

/** The version of this package; `package.json` stands two folders up, both from `src/` and from `dist/`. */
export function packageVersion(): string {
  const description = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(description) as { version: string }).version;
}

/** What computes a run: enough to know why another machine's numbers differ in the last digits. */
export function provenance(device: string): Provenance {
  const runtime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    s3delta: packageVersion(),
    node: process.version,
    'onnxruntime-node': runtime.version,
    platform: `${process.platform}-${process.arch}`,
    device,
  };
}
