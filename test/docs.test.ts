import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  clientSchemes,
  type EndpointSchemes,
  parseClientEndpoint,
  parseServerEndpoint,
  parseUdpEndpoint,
  serverSchemes,
} from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { codeBlocks, sourcesOf } from './code-blocks.ts';

// What the guides show is code that runs: each block of TypeScript is a passage of an example or of a test beside the
// guides, each command names what exists.

const repository = fileURLToPath(new URL('..', import.meta.url));
const pages = filesOf('docs', '.md');
const snippets = filesOf('docs/snippets', '.test.ts');
const sources = new Map(
  [...snippets, ...filesOf('examples', '.ts', { recursive: true })].map((path) => [
    path,
    read(path),
  ]),
);

describe.each(pages)('%s', (page) => {
  const blocks = codeBlocks(read(page));

  test('shows TypeScript only as it runs in an example or a test', () => {
    const unknown = blocks
      .filter(({ language }) => language === 'ts')
      .filter(({ text }) => sourcesOf(text, sources).length === 0)
      .map(({ line, text }) => `line ${line}:\n${text}`);
    expect(unknown).toEqual([]);
  });

  test('names scripts and files that exist', () => {
    const missing = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => missingIn(text));
    expect(missing).toEqual([]);
  });

  test('marks what each block is', () => {
    const languages = new Set(blocks.map(({ language }) => language));
    const known = new Set(['ts', 'sh', 'text', 'ini']);
    expect([...languages].filter((language) => !known.has(language))).toEqual([]);
  });
});

test('each file of snippets is shown by a page', () => {
  const blocks = pages.flatMap((page) => codeBlocks(read(page)));
  const shown = new Set(blocks.flatMap(({ text }) => sourcesOf(text, sources)));
  expect(snippets.filter((path) => !shown.has(path))).toEqual([]);
});

describe('docs/errors.md', () => {
  test('names every code of core, and its class as the source has it', () => {
    const union = /export type CoreErrorCode =([^;]+);/.exec(read('packages/core/src/errors.ts'));
    let group = '';
    const codes = [...(union?.[1] ?? '').matchAll(/\/\/ (\w+)|'(HAWSER_\w+)'/g)].flatMap(
      ([, comment, code]) => {
        group = comment ?? group;
        return code ? [`${code} ${group}`] : [];
      },
    );
    const rows = [...read('docs/errors.md').matchAll(/^\| `(HAWSER_\w+)` \| `(\w+)` \|/gm)];
    expect(rows.map(([, code, kind]) => `${code} ${kind}`)).toEqual(codes);
  });
});

test('docs/writing-a-layer.md lists layers that are what it says', () => {
  const [, table = ''] = read('docs/writing-a-layer.md').split('## What there is');
  const rows = rowsOf(table).slice(1);
  expect(rows.map(([kind = '']) => codeIn(kind)[0])).toEqual([
    'admission',
    'preamble',
    'observer',
    'transform',
  ]);
  const exported = read('packages/core/src/index.ts');
  for (const [kind = '', names = ''] of rows) {
    const folder = `packages/core/src/layers/${codeIn(kind)[0]}`;
    const sources = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => read(`${folder}/${path}`))
      .join('\n');
    const unknown = codeIn(names).filter(
      (name) =>
        !new RegExp(`^export function ${name}\\(`, 'm').test(sources) ||
        !new RegExp(`\\b${name}\\b`).test(exported),
    );
    expect(unknown).toEqual([]);
  }
});

describe('docs/http.md', () => {
  const page = read('docs/http.md');

  test('lists every limit of the server with its default', () => {
    const sources = ['server/http-options.ts', 'http2/http2-options.ts']
      .map((path) => read(`packages/http/src/${path}`))
      .join('\n');
    const options = [
      ...sources.matchAll(/@defaultValue ([\w_]+)[^*]*\*\/\n {2}readonly (\w+)\?:/g),
    ].map(([, standard = '', name = '']) => `${name} ${standard}`);
    const [, section = ''] = page.split('## Limits\n');
    const rows = rowsOf(section.split('\n## ')[0] ?? '').filter((row) => row[2]?.startsWith('`'));
    const listed = rows.map((row) => `${codeIn(row[2] ?? '')[0]} ${row[3]}`);
    // That HTTP/2 is spoken is no limit.
    expect(listed.sort()).toEqual(options.filter((name) => name !== 'http2 spoken').sort());
  });

  test('lists limits of the other parts with their defaults', () => {
    const sources = filesOf('packages/http/src', '.ts', { recursive: true }).map(read).join('\n');
    const [, section = ''] = page.split('## Limits of the parts\n');
    const listed = rowsOf(section.split('\n## ')[0] ?? '')
      .slice(1)
      .flatMap(([, , names = '', defaults = '']) => {
        const values = defaults.split(', ');
        return codeIn(names).map((name, i) => [name, values[i] ?? ''] as const);
      });
    expect(listed.length).toBeGreaterThan(20);
    const wrong = listed.filter(
      ([name, value]) =>
        !new RegExp(`@defaultValue ${value}\\b[^;]*?\\*/\\s*readonly ${name}\\?:`).test(sources),
    );
    expect(wrong).toEqual([]);
  });

  test('names every value that is exported', () => {
    const lists = [...read('packages/http/src/index.ts').matchAll(/export \{([^}]*)\}/g)];
    const names = lists
      .flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
      .filter((name) => name !== '' && !name.startsWith('type '));
    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });

  test('lists middleware that there is', () => {
    const exported = read('packages/http/src/index.ts');
    const [, section = ''] = page.split('## Middleware\n');
    const names = rowsOf(section.split('\n## ')[0] ?? '')
      .slice(1)
      .flatMap(([name = '']) => codeIn(name))
      .map((name) => name.replace(/\(.*/, ''));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(exported))).toEqual([]);
  });

  test('names functions that there are for those who come from elsewhere', () => {
    const exported = ['index.ts', 'routing/router.ts', 'server/http-options.ts']
      .map((path) => read(`packages/http/src/${path}`))
      .concat(read('packages/http/testing/index.ts'))
      .join('\n');
    const rows = page.split('\n## Coming from ').slice(1).flatMap(rowsOf);
    // What is called, or named alone: not the arguments.
    const names = rows
      .flatMap(([, here = '']) => codeIn(here))
      .flatMap((code) => /^(?:return )?\.?(\w+)(?:$|\()/.exec(code)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(30);
    // Of JavaScript, and of the core.
    const others = new Set(['throw', 'Service', 'run', 'next']);
    const unknown = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(exported));
    expect(unknown.filter((name) => !others.has(name))).toEqual([]);
  });
});

describe('docs/dns.md', () => {
  const page = read('docs/dns.md');
  const sources = filesOf('packages/dns/src', '.ts', { recursive: true }).map(read).join('\n');

  test('names every value that is exported, but for those of the page about signing', () => {
    const exported = ['index.ts', 'http/index.ts', 'postgres/index.ts']
      .map((path) => read(`packages/dns/src/${path}`))
      .join('\n');
    const names = [...exported.matchAll(/export \{([^}]*)\}/g)]
      .flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
      .filter((name) => name !== '' && !name.startsWith('type '));
    expect(names.length).toBeGreaterThan(100);
    const signing = read('docs/dns-signing.md');
    const isNamed = (name: string): boolean => {
      const word = new RegExp(`\\b${name}\\b`);
      return word.test(page) || word.test(signing);
    };
    expect(names.filter((name) => !isNamed(name))).toEqual([]);
  });

  test('lists limits with their defaults', () => {
    const [, section = ''] = page.split('## Limits\n');
    const listed = rowsOf(section.split('\n## ')[0] ?? '')
      .filter((row) => row[2]?.startsWith('`'))
      .flatMap(([, defaults = '', names = '']) => {
        const values = defaults.split(', ');
        return codeIn(names).map((name, i) => [name, values[i] ?? ''] as const);
      });
    expect(listed.length).toBeGreaterThan(35);
    const wrong = listed.filter(
      ([name, value]) =>
        !new RegExp(`@defaultValue ${value}\\b[^;]*?\\*/\\s*readonly ${name}\\?:`).test(sources),
    );
    expect(wrong).toEqual([]);
  });

  test('names every code of the package, with the class of those that have one of their own', () => {
    const codes = [...sources.matchAll(/^ {2}\| '(HAWSER_(?:DNS|STORE)_\w+)'/gm)].map(
      ([, code = '']) => code,
    );
    const rows = [...page.matchAll(/^\| `(HAWSER_\w+)` \| `(\w+)` \|/gm)];
    expect(rows.map(([, code = '']) => code).sort()).toEqual(codes.sort());
    for (const [, code = '', kind = ''] of rows) {
      expect(kind === 'StoreError').toBe(code.startsWith('HAWSER_STORE'));
    }
  });
});

describe('docs/endpoints.md', () => {
  const page = read('docs/endpoints.md');

  /** The options each row of a section names, sorted. */
  function optionsIn(section: string): Record<string, string[]> {
    const [, text = ''] = page.split(`## ${section}\n`);
    const rows = rowsOf(text.split('\n## ')[0] ?? '').filter(([name = '']) => name.startsWith('`'));
    const own = new Map(rows.map((row) => [codeIn(row[0] ?? '')[0] ?? '', row.at(-1) ?? '']));
    const all = (options: string): string[] => {
      const [, others] = /those of `(\w+)`/.exec(options) ?? [];
      const named = codeIn(options.replace(/those of `\w+`/, ''));
      return others ? [...named, ...all(own.get(others) ?? '')] : named;
    };
    return Object.fromEntries([...own].map(([name, options]) => [name, all(options).sort()]));
  }

  /** The options the parser knows, sorted. */
  function known(
    schemes: EndpointSchemes<unknown>,
    part: 'carrier' | 'prefix',
  ): Record<string, string[]> {
    return Object.fromEntries(
      Object.entries(schemes).flatMap(([name, scheme]) => {
        const { optionNames } = scheme[part] ?? {};
        return optionNames ? [[name, [...optionNames].sort()]] : [];
      }),
    );
  }

  test.each([
    ['Where to listen', serverSchemes, 'carrier'],
    ['Where to connect', clientSchemes, 'carrier'],
    ['Prefixes to listen', serverSchemes, 'prefix'],
    ['Prefixes to connect', clientSchemes, 'prefix'],
  ] as const)('%s: every scheme with every option, and no other', (section, schemes, part) => {
    expect(optionsIn(section)).toEqual(known(schemes, part));
  });

  test('Datagrams: every option', () => {
    const [, text = ''] = page.split('## Datagrams\n');
    const options = codeIn(text.split('\n## ')[0] ?? '').slice(-2);
    expect(() => parseUdpEndpoint('udp://:53?x=1')).toThrow(`known are ${options.join(', ')}`);
  });

  test('the examples can be parsed', () => {
    const listen = page.split('## Where to listen')[1]?.split('\n## ')[0] ?? '';
    const dial = page.split('## Where to connect')[1]?.split('\n## ')[0] ?? '';
    for (const [, examples = ''] of rowsOf(listen).slice(1)) {
      for (const text of codeIn(examples)) expect(String(parseServerEndpoint(text))).toBe(text);
    }
    for (const [, examples = ''] of rowsOf(dial).slice(1)) {
      for (const text of codeIn(examples)) expect(String(parseClientEndpoint(text))).toBe(text);
    }
  });
});

describe('docs/coming-from-twisted.md', () => {
  const page = read('docs/coming-from-twisted.md');
  const promises = rowsOf(page.split('## What we promise')[1] ?? '').filter(
    ([first]) => first !== 'in Twisted',
  );

  test('names what there is', () => {
    const [table = ''] = page.split('## What differs');
    const names = rowsOf(table).flatMap(([, here = '']) => codeIn(here));
    const exported = ['src', 'testing', 'conformance']
      .map((folder) => read(`packages/core/${folder}/index.ts`))
      .join('\n');
    const contract = filesOf('packages/core/src/contract', '.ts').map(read).join('\n');
    const known = (name: string): boolean => {
      const [whole = '', member] = name.split('.');
      const sources = `${contract}\n${read('packages/core/src/stream/framed-protocol.ts')}\n${read('packages/core/src/deferred/deferred.ts')}`;
      return (
        new RegExp(`\\b${whole}\\b`).test(exported) &&
        (!member || new RegExp(`^  (readonly )?${member}\\??[(<:]`, 'm').test(sources))
      );
    };
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  test('says for each promise which test shows it', () => {
    expect(promises.length).toBeGreaterThan(60);
    expect(promises.filter(([, , tests = '']) => testsIn(tests).length === 0)).toEqual([]);
  });

  test.each(promises)('the test is there: %s', (_twisted, _here, tests = '') => {
    const missing = testsIn(tests).filter(({ name, path }) => !hasTest(read(path), name));
    expect(missing).toEqual([]);
  });

  test('a test that is not there is noticed', () => {
    expect(hasTest("test('does one thing', () => {});", 'does one thing')).toBe(true);
    expect(hasTest("test('does one thing', () => {});", 'does one')).toBe(false);
  });
});

describe('a block that nobody runs is found', () => {
  const source = [
    "import { one, type Two } from './numbers.ts';",
    '',
    "test('adds', () => {",
    '  const sum = one + one;',
    '  expect(sum).toBe(2);',
    '});',
    '',
  ].join('\n');
  const known = new Map([['adds.test.ts', source]]);

  test.each([
    ['a passage', '  expect(sum).toBe(2);\n'],
    ['a passage moved to the left', 'const sum = one + one;\nexpect(sum).toBe(2);\n'],
    ['an import with it', "import { one } from './numbers.ts';\n\nconst sum = one + one;\n"],
    ['a type beside a value', "import type { Two } from './numbers.ts';\n"],
  ])('%s is at home', (_what, block) => {
    expect(sourcesOf(block, known)).toEqual(['adds.test.ts']);
  });

  test.each([
    ['another word', 'const sum = one + two;\n'],
    ['another order', 'expect(sum).toBe(2);\nconst sum = one + one;\n'],
    ['a line left out', "test('adds', () => {\n  expect(sum).toBe(2);\n"],
    ['the beginning of a line', 'const sum = one\n'],
    ['other indentation inside', 'const sum = one + one;\n  expect(sum).toBe(2);\n'],
    ['an import of a name the source does not have', "import { three } from './numbers.ts';\n"],
    ['an import from elsewhere', "import { one } from './others.ts';\n\nconst sum = one + one;\n"],
  ])('%s is not', (_what, block) => {
    expect(sourcesOf(block, known)).toEqual([]);
  });

  test.each([
    ['npm run nothing-of-this-name', 'nothing-of-this-name'],
    ['npm run example examples/missing.ts', 'examples/missing.ts'],
    ['npx vitest run packages/core/test/missing.test.ts', 'packages/core/test/missing.test.ts'],
  ])('the command "%s" names what does not exist', (command, name) => {
    expect(missingIn(command)).toEqual([name]);
  });
});

/** The cells of the tables in `text`, without their heads' rules. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
}

/** What stands between backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The tests a cell links to. */
function testsIn(cell: string): { readonly name: string; readonly path: string }[] {
  return [...cell.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)].map(([, name = '', path = '']) => ({
    name,
    path,
  }));
}

/** Whether a source has a test, or a case of a conformance suite, with that name as it is written there. */
function hasTest(source: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(quote + name + quote));
}

/** What commands name that is neither a script nor a file of the repository. */
function missingIn(commands: string): string[] {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...commands.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
  const paths = [
    ...commands.matchAll(/(?<![\w/.])(?:examples|packages|docs|test|bench)\/[\w./-]+/g),
  ];
  return [
    ...named.filter((name) => !Object.hasOwn(scripts, name)),
    ...paths.map(([path]) => path).filter((path) => !existsSync(join(repository, path))),
  ];
}

function filesOf(folder: string, ending: string, { recursive = false } = {}): string[] {
  return readdirSync(join(repository, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}

function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}
