import { opendir } from 'node:fs/promises';
import { HttpResponse } from '../web/http-response.ts';
import type { DotfilePolicy } from './request-path.ts';

const MAX_ENTRIES = 5_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

interface Entry {
  readonly name: string;
  readonly directory: boolean;
}

/** Options for {@link directoryListing}. */
export interface ListingOptions {
  /** What the page is called: the path of the directory, decoded. */
  readonly title: string;
  /** Whether there is something above. */
  readonly parent: boolean;
  readonly dotfiles: DotfilePolicy;
}

/**
 * A page with links to what is in a directory: folders first, at most 5,000 entries. Names that begin with a dot are on it
 * only where they are served. The page can load and run nothing.
 */
export async function directoryListing(
  request: Request,
  directory: string,
  { title, parent, dotfiles }: ListingOptions,
): Promise<Response> {
  const { entries, more } = await readEntries(directory, dotfiles);
  const rows = entries.map(({ name, directory: folder }) => row(name, folder ? '/' : ''));
  if (parent) rows.unshift('<li><a href="../">../</a></li>');
  if (more) rows.push('<li>…</li>');
  const heading = escapeHtml(title);
  const page =
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${heading}</title></head>\n` +
    `<body><h1>${heading}</h1>\n<ul>\n${rows.join('\n')}\n</ul></body></html>\n`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(Buffer.byteLength(page)),
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'",
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  return new HttpResponse(request.method === 'HEAD' ? null : page, { headers });
}

async function readEntries(
  path: string,
  dotfiles: DotfilePolicy,
): Promise<{ entries: readonly Entry[]; more: boolean }> {
  const entries: Entry[] = [];
  let more = false;
  // Left early, the loop closes the directory as well.
  for await (const entry of await opendir(path)) {
    if (entry.name.startsWith('.') && dotfiles !== 'allow') continue;
    if (!entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink()) continue;
    more = entries.length === MAX_ENTRIES;
    if (more) break;
    entries.push({ name: entry.name, directory: entry.isDirectory() });
  }
  entries.sort(
    (one, other) =>
      Number(other.directory) - Number(one.directory) || compare(one.name, other.name),
  );
  return { entries, more };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function row(name: string, slash: string): string {
  // "./" keeps a name such as "a:b" from being a scheme.
  const link = `./${encodeURIComponent(name)}${slash}`;
  return `<li><a href="${escapeHtml(link)}">${escapeHtml(name)}${slash}</a></li>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (each) => ENTITIES[each] ?? each);
}
