import { copyFile, mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementCount } from '../src/core/arrays.ts';
import { fillNormal } from '../src/core/random.ts';
import { weightShape } from '../src/core/site.ts';
import { parseT5Config, t5Sites } from '../src/models/t5/t5-checkpoint.ts';

/** Shapes of Google's T5 v1.0 checkpoints; time and memory do not depend on the values of the weights. */
export const T5_SHAPES = {
  't5-small': { d_model: 512, d_ff: 2048, d_kv: 64, num_heads: 8, num_layers: 6 },
  't5-base': { d_model: 768, d_ff: 3072, d_kv: 64, num_heads: 12, num_layers: 12 },
  't5-large': { d_model: 1024, d_ff: 4096, d_kv: 64, num_heads: 16, num_layers: 24 },
} as const;

export type T5Size = keyof typeof T5_SHAPES;
/** Whether that is a name of a size. */
export const isT5Size = (name: string): name is T5Size => Object.hasOwn(T5_SHAPES, name);
/** As in config.json. */
export type T5Shape = Readonly<Record<keyof (typeof T5_SHAPES)[T5Size], number>>;

const VOCAB_SIZE = 32128;
/** Where what the bench makes lies. */
export const benchFolder = join(tmpdir(), 's3delta-bench');
/**
 * Numbers drawn once and repeated: drawing 10⁸ of them would cost more than all measurements. A prime number of them, so that no
 * two matrices are equal: ONNX Runtime keeps one reordered copy of equal weights, and peak memory would come out too small.
 */
const POOL = 1_000_003;

/** A T5 of that size with random weights; returns its folder. */
export const randomT5 = (size: T5Size, tokenizerFolder: string): Promise<string> =>
  writeRandomT5(size, T5_SHAPES[size], tokenizerFolder);

/** Writes a T5 of that shape with random float32 weights, once, into the temporary folder; returns its folder. */
export async function writeRandomT5(name: string, shape: T5Shape, tokenizerFolder: string): Promise<string> {
  const folder = join(benchFolder, name);
  const file = join(folder, 'model.safetensors');
  if (await stat(file).catch(() => undefined)) return folder;
  await mkdir(folder, { recursive: true });
  const json = { model_type: 't5', vocab_size: VOCAB_SIZE, ...shape, feed_forward_proj: 'relu' };
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  await copyFile(join(tokenizerFolder, 'spiece.model'), join(folder, 'spiece.model'));

  const sites = t5Sites(parseT5Config(json, 'bench')).filter(site => site.host !== 'block' && !site.weightIsShared);
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const site of sites) {
    const shape = weightShape(site);
    const bytes = 4 * elementCount(shape);
    header[`${site.name}.weight`] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  const pool = fillNormal(new Float32Array(POOL), 0, 'bench weights').map(value => value * 0.03);
  const output = await open(`${file}.partial`, 'w');
  await output.write(Buffer.concat([length, head]));
  for (let written = 0; written < offset; written += pool.byteLength) {
    await output.write(Buffer.from(pool.buffer, 0, Math.min(pool.byteLength, offset - written)));
  }
  await output.close();
  await rename(`${file}.partial`, file);
  return folder;
}
