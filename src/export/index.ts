import type { Exporter } from './exporter.ts';
import { onnx } from './onnx.ts';
import { peft } from './peft.ts';
import { safetensors } from './safetensors.ts';

/** Every form a trained model is exported in, by name. A new one is a file beside this one and a word here. */
export const exporters = { onnx, safetensors, peft } satisfies Record<string, Exporter>;

export type ExportFormat = keyof typeof exporters;

export const exportFormats = Object.keys(exporters) as readonly ExportFormat[];
