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
