import { escapeMarkup } from './pictures/svg.ts';
import { style } from './style.ts';

/**
 * A page as one file that needs no other file and no network; its panels can be saved.
 * @param content markup, every text from outside escaped
 * @param scripts what comes before the code that saves: elements and statements, as they stand in the file
 */
export function htmlDocument(
  title: string,
  content: readonly string[],
  scripts: { readonly data?: string; readonly code?: string } = {},
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}
main { max-width: 75rem; margin: 0 auto; padding: 1.5rem 1rem; }</style>
</head>
<body>
<main>
${content.join('\n')}
</main>
${scripts.data ?? ''}
<script>
${offerDownloads}
${scripts.code ?? ''}
offerDownloads(document);
</script>
</body>
</html>
`;
}

/**
 * Makes the buttons of `panel` save what their part shows: its picture as SVG, its table as CSV (RFC 4180). Reports
 * carry the text of this very function, so that it must need nothing beside itself.
 */
export function offerDownloads(page: Document): void {
  function save(name: string, type: string, content: string) {
    const link = page.createElement('a');
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function csv(table: HTMLTableElement): string {
    const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const rows = [...table.rows].map(row => [...row.cells].map(cell => quote(cell.textContent ?? '')).join(','));
    return `${rows.join('\r\n')}\r\n`;
  }

  function svg(picture: SVGSVGElement): string {
    const copy = picture.cloneNode(true) as SVGSVGElement;
    copy.querySelector('.cursor')?.remove();
    return new XMLSerializer().serializeToString(copy);
  }

  page.addEventListener('click', event => {
    const button = (event.target as Element).closest<HTMLButtonElement>('button[data-save]');
    const part = button?.closest<HTMLElement>('[data-name]');
    if (!button || !part) return;
    const name = `${page.title} ${part.dataset.name}`.replaceAll(/[^\w.-]+/g, '-').toLowerCase();
    const own = <E extends Element>(selector: string) =>
      [...part.querySelectorAll<E>(selector)].find(found => found.closest('[data-name]') === part);
    const [table, picture] = [own<HTMLTableElement>('.scroll table'), own<SVGSVGElement>('svg[role="img"]')];
    if (button.dataset.save === 'csv' && table) save(`${name}.csv`, 'text/csv;charset=utf-8', csv(table));
    if (button.dataset.save === 'svg' && picture) save(`${name}.svg`, 'image/svg+xml', svg(picture));
  });
}
