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
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !leadsSomewhere(page, link));
  expect(dead).toEqual([]);
});

test.each([
  ['README.md', true],
  ['missing.md', false],
  ['CONTRIBUTING.md#the-loop', true],
  ['CONTRIBUTING.md#no-such-heading', false],
])('a link to %s is found to lead somewhere: %s', (link, expected) => {
  expect(leadsSomewhere('README.md', link)).toBe(expected);
});

/** Whether the file is there and, in a page, the heading. */
function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = join(repository, path === '' ? page : join(dirname(page), path));
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.some(([, heading = '']) => slugOf(heading) === anchor);
}

/** As GitHub makes anchors of headings. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

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
