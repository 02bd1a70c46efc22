// The limits that the guide names are those of the code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const source = join(repository, 'packages/dns/src');
const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(source, file), 'utf8'))
  .join('\n');
const guide = readFileSync(join(repository, 'docs/dns.md'), 'utf8');
const [, section = ''] = /^## Limits$(.*?)^## /ms.exec(guide) ?? [];

/** Rows of the tables: what they limit, and each option with its figure. */
const limits = section.split('\n').flatMap((line) => {
  const [, what = '', figures = '', names = ''] = line.split('|').map((cell) => cell.trim());
  const options = [...names.matchAll(/`(\w+)`/g)].map(([, option]) => option ?? '');
  const values = figures.split(', ');
  return options.flatMap((option, index) =>
    // `ttl` has a figure for each of several parts.
    options.length === values.length
      ? [{ what, option, value: toNumber(values[index] ?? '') }]
      : values.map((value) => ({ what, option, value: toNumber(value) })),
  );
});

test('there are limits in the guide', () => {
  expect(limits.length).toBeGreaterThan(40);
});

test.each(limits)('$what: $option is $value in the documentation of an option', (limit) => {
  expect(documentedDefaults(limit.option)).toContain(limit.value);
});

/** What is said of options with this name. Which of them is meant, nobody can tell. */
function documentedDefaults(option: string): number[] {
  const said = new RegExp(
    `@defaultValue ([^\\n]*?)\\s*(?:\\*/)?\\n(?:\\s*\\*/\\n)?\\s*readonly ${option}\\?`,
    'g',
  );
  return [...code.matchAll(said)].map(([, text = '']) => toNumber(text.split(', ')[0] ?? ''));
}

function toNumber(text: string): number {
  const [, digits = '', unit = ''] = /^([\d_,]+) ?(GiB|MiB)?$/.exec(text) ?? [];
  const factor = unit === 'GiB' ? 2 ** 30 : unit === 'MiB' ? 2 ** 20 : 1;
  return digits === '' ? Number.NaN : Number(digits.replaceAll(/[_,]/g, '')) * factor;
}
