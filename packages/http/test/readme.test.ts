import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the first example of the README is readme.ts, whose types are checked', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  expect(read('../README.md')).toContain(`\`\`\`ts\n${read('readme.ts')}\`\`\``);
});
