import { InputError } from '../core/errors.ts';
import type { Exporter } from './exporter.ts';
import { onnx } from './onnx-format.ts';
import { peft } from './peft-format.ts';
import { safetensors } from './safetensors-format.ts';

/** Every form a trained model is exported in, by name. A new one is a file beside this one and a word here. */
export const exporters = { onnx, safetensors, peft } satisfies Record<string, Exporter>;

export type ExportFormat = keyof typeof exporters;

export const exportFormats = Object.keys(exporters) as readonly ExportFormat[];

/** @throws InputError naming `where`, for a name that is none */
export function exporterOf(format: string, where: string): Exporter {
  const known = exportFormats.find(name => name === format);
  if (known !== undefined) return exporters[known];
  const remedy = `give one of ${exportFormats.join(', ')}`;
  throw new InputError(`there is no format \`${format}\``, { code: 'unknown-name', where, remedy });
}
