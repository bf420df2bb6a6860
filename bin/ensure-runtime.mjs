// ONNX Runtime computes everything. It is an optional dependency, because its install script wants a host beside the
// registry, for files of CUDA, and npm takes back the whole installation of what needs a package whose script fails.
// Where that has happened it is fetched before the first start, without its script and for this platform alone.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addPackage } from './npm-package.mjs';

const NAME = 'onnxruntime-node';

/** Makes sure that ONNX Runtime can be imported by the package in `root`. Exits where it cannot be had. */
export async function ensureRuntime(root) {
  if (isInstalled()) return;
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const spec = `${NAME}@${optionalDependencies[NAME]}`;
  console.error('Fetching ONNX Runtime from the npm registry (once, some 100 MB)…');
  try {
    await addPackage(spec, root, keepThisPlatform);
  } catch (error) {
    console.error(`error: ONNX Runtime is not installed, and cannot be fetched: ${error.message}`);
    console.error(`→ in the folder where s3delta is installed: npm install --ignore-scripts ${spec}`);
    process.exit(1);
  }
}

function isInstalled() {
  try {
    import.meta.resolve(NAME);
    return true;
  } catch {
    return false;
  }
}

/** Of the libraries of all platforms, some 300 MB, those of this one. */
function keepThisPlatform(folder, name) {
  if (name !== NAME) return;
  for (const abi of readdirSync(join(folder, 'bin'))) {
    for (const platform of readdirSync(join(folder, 'bin', abi))) {
      const place = join(folder, 'bin', abi, platform);
      if (platform !== process.platform) rmSync(place, { recursive: true });
      else
        for (const arch of readdirSync(place))
          if (arch !== process.arch) rmSync(join(place, arch), { recursive: true });
    }
  }
}
