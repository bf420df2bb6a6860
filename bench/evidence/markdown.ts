import type { PairedTest } from '../../src/research.ts';

/** A table of Markdown; the first column is words, the others numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export const fixed = (value: number | undefined, digits: number) =>
  value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits).replace('-', '−');

export const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation of a sample. */
export function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Mean and standard deviation. */
export const summary = (scores: readonly number[]) =>
  scores.length === 0
    ? '–'
    : `${fixed(meanOf(scores), 1)} (${fixed(scores.length < 2 ? undefined : spreadOf(scores), 1)})`;

/** A paired difference, with its p and pairs. */
export const told = (test: Pick<PairedTest, 'difference' | 'p' | 'pairs'> | undefined, digits: number) =>
  test ? `${fixed(test.difference, digits)} (p ${fixed(test.p, 3)}, n ${test.pairs})` : '–';

/** `encoder.block.2.layer.0.SelfAttention.o:lora` as `E2 o LoRA`. */
export function shortName(id: string): string {
  const [site, kind] = id.split(':') as [string, string];
  const stack = site.startsWith('encoder') ? 'E' : 'D';
  const number = /block\.(\d+)/.exec(site)?.[1] ?? '';
  const layer = /layer\.(\d+)/.exec(site)?.[1];
  const last = site.split('.').at(-1)!;
  const place = last === 'layer_norm' ? `norm ${layer}` : last === 'final_layer_norm' ? 'final norm' : last;
  const kinds: Record<string, string> = { lora: 'LoRA', bitfit: 'bias', lnfit: 'scale', 'low-rank-adapter': 'adapter' };
  return `${stack}${number} ${place} ${kinds[kind] ?? kind}`;
}

/** Puts each named table between its marks, `<!-- table: name -->` and `<!-- end -->`. */
export function fillMarks(page: string, tables: Readonly<Record<string, () => string>>): string {
  return page.replace(
    /(<!-- table: ([a-z-]+) -->)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      const make = tables[name];
      if (!make) throw new Error(`no table ${name}: there are ${Object.keys(tables).join(', ')}`);
      return `${open}\n${make()}\n${close}`;
    },
  );
}
