import { InputError } from '../core/errors.ts';
import type { Exporter } from './exporter.ts';
import { onnx } from './onnx-format.ts';
import { peft } from './peft-format.ts';
import { safetensors } from './safetensors-format.ts';

/** Forms by their names. */
export type Exporters = Readonly<Record<string, Exporter>>;

/** Every form a trained model is exported in, by name. A new one is a file beside this one and a word here. */
export const exporters: Exporters = { onnx, safetensors, peft };

/** Names of the formats that come with the package, as `--format` takes them. */
export const exportFormats: readonly string[] = Object.keys(exporters);

/** @throws InputError naming `where`, for a name that is none */
export function exporterOf(format: string, where: string, known: Exporters = exporters): Exporter {
  if (Object.hasOwn(known, format)) return known[format]!;
  const remedy = `give one of ${Object.keys(known).join(', ')}`;
  throw new InputError(`there is no format \`${format}\``, { code: 'unknown-name', where, remedy });
}
