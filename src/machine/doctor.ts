import { homedir } from 'node:os';
import { packageVersion } from '../library/provenance.ts';
import { builtInModels } from '../models/built-in.ts';
import { deviceNames } from '../runtime/device.ts';
import { defaultDataFolder } from '../tasks/task-places.ts';
import {
  type Check,
  checkDataFolder,
  checkDevice,
  checkDisk,
  checkMemory,
  checkModelFiles,
  checkNode,
  checkRuntime,
  checkSpamData,
  checkTokenizer,
  findResources,
  type Resources,
} from './checks.ts';
import { type DeviceReport, probe } from './choose-device.ts';

/** What works on this machine. Holds no secrets: paths below the home folder begin with `~`. */
export interface MachineReport {
  readonly s3delta: string;
  readonly node: string;
  readonly platform: string;
  /** Whether the main job can run: nothing has failed. */
  readonly ready: boolean;
  readonly devices: readonly DeviceReport[];
  readonly resources: Resources;
  readonly checks: readonly Check[];
}

/**
 * Looks at everything that the main job stands on: versions, devices, memory, disk, models and data. Writes nothing.
 */
export async function examineMachine(): Promise<MachineReport> {
  const software = [checkNode(process.version), await checkRuntime()];
  const devices: DeviceReport[] = [];
  // One after the other, so that none takes another's cores.
  for (const name of deviceNames) devices.push(await probe(name));
  const resources = await findResources('.');
  const models: Check[] = [];
  for (const [name, { folder }] of Object.entries(builtInModels)) {
    models.push(await checkModelFiles(name, folder), await checkTokenizer(name));
  }
  const checks = [
    ...software,
    ...devices.map(checkDevice),
    checkMemory(resources),
    checkDisk(resources),
    ...models,
    await checkDataFolder(defaultDataFolder()),
    checkSpamData(),
  ];
  const report: MachineReport = {
    s3delta: packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    ready: checks.every(({ status }) => status !== 'failed'),
    devices,
    resources,
    checks,
  };
  return withoutHome(report, homedir());
}

/** The same with the home folder written as `~` in every text. */
export function withoutHome<Value>(value: Value, home: string): Value {
  if (home === '' || home === '/') return value;
  if (typeof value === 'string') return value.replaceAll(home, '~') as Value;
  if (Array.isArray(value)) return value.map(each => withoutHome(each, home)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutHome(each, home)])) as Value;
}
