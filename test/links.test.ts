import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('..', import.meta.url));
const pages = ['.', 'docs', 'packages', 'examples', 'bench', '.changeset'].flatMap(markdownIn);

test.each(pages)('every relative link in %s leads somewhere', (page) => {
  const links = [...readFileSync(join(repository, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)];
  const dead = links
    .map(([, link = '']) => link)
    .filter((link) => !/^([a-z]+:|#)/.test(link))
    .filter((link) => !existsSync(join(repository, dirname(page), link.replace(/#.*$/, ''))));
  expect(dead).toEqual([]);
});

/** Markdown files of a folder, and of the folders in it unless it is the root. */
function markdownIn(folder: string): string[] {
  if (!existsSync(join(repository, folder))) return [];
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      const skipped = folder === '.' || entry.name === 'node_modules' || entry.name === 'dist';
      return skipped ? [] : markdownIn(join(folder, entry.name));
    }
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}
