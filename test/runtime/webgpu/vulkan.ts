import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { executablePath } from '../../browser/chromium.ts';

const driver = 'vk_swiftshader_icd.json';
const folders = [
  ...(executablePath === undefined ? [] : [dirname(realpathSync(executablePath))]),
  ...['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'],
];
const folder = folders.find(each => [driver, 'libvulkan.so.1'].every(file => existsSync(join(each, file))));

/**
 * What a process must be started with to find Vulkan in software: SwiftShader, which comes with Chromium, and its loader. Only Linux
 * on x64 has them and a WebGPU in ONNX Runtime.
 */
export const environment: NodeJS.ProcessEnv | undefined =
  folder === undefined || process.platform !== 'linux' || process.arch !== 'x64'
    ? undefined
    : { ...process.env, VK_ICD_FILENAMES: join(folder, driver), LD_LIBRARY_PATH: folder };

/** For a test's `skip`: false, or why it cannot run. */
export const skip = environment === undefined ? 'needs x64 Linux with Chromium: apt-get install chromium' : false;
