/**
 * Writes the tables of finished cells into pages: `node bench/evidence/tables.ts [docs/measured/search-rates.md …]`, all
 * of them and the curve of score against parameters where none is named.
 */
import { parseArgs } from 'node:util';
import { kept, writePages } from './tables/pages.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string', default: kept.results },
    emails: { type: 'string', default: kept.emails },
    picture: { type: 'string' },
  },
});
const { pages, ...named } = positionals.length > 0 ? { pages: positionals } : kept;
await writePages({ ...named, ...values, pages });
