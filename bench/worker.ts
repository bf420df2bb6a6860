import { createInterface } from 'node:readline';
import { startPeakMemory } from '../src/runs/stage-memory.ts';
import type { SessionSettings } from '../src/runtime/session.ts';
import { prepareCostPoint, prepareSearchWork } from './cost/point.ts';
import { type Prepare, rowScenarios, scenarios } from './scenarios.ts';

/**
 * One scenario in a process of its own, so that its memory is its own: prints {"ready"}, then for every line `step` of
 * its input one line {"seconds", "processorSeconds", "peakBytes"}. The same protocol as the peers' in `bench/peers`.
 */
const [name, folder, settings, more] = process.argv.slice(2) as [string, string, string, string?];
const say = (fields: object) => process.stdout.write(`${JSON.stringify(fields)}\n`);

const memory = startPeakMemory();
const started = performance.now();
const all: Readonly<Record<string, Prepare>> = {
  ...scenarios,
  ...rowScenarios.writing,
  ...rowScenarios.choosing,
  costPoint: prepareCostPoint,
  searchWork: prepareSearchWork,
};
const scenario = await all[name]!(folder, JSON.parse(settings) as SessionSettings, more);
// The first step compiles what is compiled when first used.
await scenario.step();
say({ ready: true, startSeconds: (performance.now() - started) / 1000, peakBytes: memory.soFar() });
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'step') continue;
  const [begun, usage] = [performance.now(), process.cpuUsage()];
  await scenario.step();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(usage);
  say({ seconds, processorSeconds: (user + system) / 1e6, peakBytes: memory.soFar() });
}
// Sessions end with the process.
process.exit(0);
