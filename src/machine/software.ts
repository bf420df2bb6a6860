import { createRequire } from 'node:module';
import { type Check, failed, ok, reasonOf } from './health-check.ts';

/** First version of Node.js that runs the sources as they are. */
const NODE = [22, 18] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isEnough = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  return isEnough
    ? ok('Node.js', version)
    : failed('Node.js', version, `install Node.js ${NODE.join('.')} or newer, from https://nodejs.org`);
}

/** Whether ONNX Runtime's native library loads on this system. */
export async function checkRuntime(): Promise<Check> {
  const name = 'ONNX Runtime';
  try {
    await import('onnxruntime-node');
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    return ok(name, `onnxruntime-node ${version}, ${process.platform}-${process.arch}`);
  } catch (error) {
    return failed(name, reasonOf(error), 'install it anew: npm install onnxruntime-node');
  }
}
