/** A fenced block of a Markdown page. */
export interface CodeBlock {
  readonly language: string;
  /** The line of the page where it begins, from 1. */
  readonly line: number;
  readonly text: string;
}

/** The fenced blocks of a page, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((found) => ({
    language: found[1] ?? '',
    line: markdown.slice(0, found.index).split('\n').length,
    text: found[2] ?? '',
  }));
}

/**
 * The sources, by name, in which `block` occurs as it stands. Lines must be the same and in one piece; how far they
 * are indented as a whole may differ. Imports may stand anywhere in the source, among others.
 */
export function sourcesOf(block: string, sources: ReadonlyMap<string, string>): string[] {
  const wanted = importsOf(block);
  const passage = dedent(withoutImports(block));
  return [...sources]
    .filter(([, source]) => {
      const there = importsOf(source);
      return [...wanted].every((name) => there.has(name)) && hasPassage(source, passage);
    })
    .map(([name]) => name);
}

function hasPassage(source: string, passage: readonly string[]): boolean {
  const lines = source.split('\n');
  const text = passage.join('\n');
  return lines.some(
    (_line, start) =>
      dedent(lines.slice(start, start + passage.length).join('\n')).join('\n') === text,
  );
}

const IMPORT = /^import (?:type )?(\{[^}]*\}|[^{;]+) from '([^']+)';\n/gm;

/** Each name that is imported, with its module: `BaseProtocol from @hawser/core`. */
function importsOf(text: string): Set<string> {
  const all = [...text.matchAll(IMPORT)].flatMap(([, names = '', module]) =>
    names
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => `${name} from ${module}`),
  );
  return new Set(all);
}

function withoutImports(text: string): string {
  return text.replace(IMPORT, '');
}

/** The lines without the indentation they share, and without empty ones around them. */
function dedent(text: string): string[] {
  const lines = text.replace(/^(\s*\n)+|\s+$/g, '').split('\n');
  const indents = lines.filter((line) => line !== '').map((line) => line.search(/\S/));
  const shared = Math.max(0, Math.min(...indents));
  return lines.map((line) => line.slice(shared));
}
