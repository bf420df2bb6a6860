import { offerDownloads } from './downloads.ts';
import { escapeMarkup } from './escape.ts';
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
