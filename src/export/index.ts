import type { Exporter } from './exporter.ts';
import { onnx } from './onnx.ts';

/** Every form a trained model is exported in, by name. A new one is a file beside this one and a word here. */
export const exporters = { onnx } satisfies Record<string, Exporter>;

export type ExportFormat = keyof typeof exporters;

export const exportFormats = Object.keys(exporters) as readonly ExportFormat[];
