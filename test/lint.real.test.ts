import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The lint rules that keep the design, shown at work: every offending source is rejected by the rule that should
// reject it, and its allowed twin passes. All sources are written to one tree and linted in one run.

interface Case {
  readonly rule: string;
  readonly path: string;
  readonly source: string;
}

const rejected: Record<string, Case> = {
  'a protocol package that imports node:net': {
    rule: 'no-restricted-imports',
    path: 'packages/dns/src/net.ts',
    source: `import { connect } from 'node:net';\nexport const open: unknown = connect;\n`,
  },
  'a protocol package that imports node:tls by its old name': {
    rule: 'no-restricted-imports',
    path: 'packages/http/src/tls.ts',
    source: `import * as tls from 'tls';\nexport const open: unknown = tls;\n`,
  },
  'a layer of core that loads node:dgram at run time': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/layers/dgram.ts',
    source: `export const open: unknown = await import('node:dgram');\n`,
  },
  'a re-export from node:net': {
    rule: 'no-restricted-imports',
    path: 'packages/smtp/src/re-export.ts',
    source: `export { isIP } from 'node:net';\n`,
  },
  'timers by import': {
    rule: 'no-restricted-imports',
    path: 'packages/ssh/src/sleep.ts',
    source: `import { setTimeout as sleep } from 'node:timers/promises';\nexport const rest: unknown = sleep;\n`,
  },
  'randomness by import': {
    rule: 'no-restricted-imports',
    path: 'packages/dns/src/random-bytes.ts',
    source: `import { randomBytes } from 'node:crypto';\nexport const token: unknown = randomBytes(8);\n`,
  },
  ...Object.fromEntries(
    [
      'setTimeout',
      'setInterval',
      'setImmediate',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
    ].map((name) => [
      `the global ${name}`,
      {
        rule: 'no-restricted-globals',
        path: `packages/core/src/connection/${name}.ts`,
        source: `export const timer: unknown = ${name};\n`,
      },
    ]),
  ),
  'a timer reached through globalThis': {
    rule: 'no-restricted-globals',
    path: 'packages/core/src/services/global-this.ts',
    source: `export const timer: unknown = globalThis.setTimeout;\n`,
  },
  'the time of day': {
    rule: 'no-restricted-globals',
    path: 'packages/smtp/src/date.ts',
    source: `export const day: number = Date.now();\n`,
  },
  'the time since start': {
    rule: 'no-restricted-globals',
    path: 'packages/http/src/performance.ts',
    source: `export const start: number = performance.now();\n`,
  },
  'Math.random': {
    rule: 'no-restricted-properties',
    path: 'packages/websocket/src/random.ts',
    source: `export const mask: number = Math.random();\n`,
  },
  'a signal with a timer of its own': {
    rule: 'no-restricted-properties',
    path: 'packages/core/src/deferred/signal.ts',
    source: `export const signal: AbortSignal = AbortSignal.timeout(5);\n`,
  },
  'a contract that imports something at run time': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/contract/values.ts',
    source: `import { limit } from './limit.ts';\nexport const twice: number = limit * 2;\n`,
  },
  'a contract that passes a value on': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/contract/barrel.ts',
    source: `export * from './limit.ts';\n`,
  },
  'an endpoint that chooses its reactor': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/endpoints/reactor.ts',
    source: `import { connect } from '../node/net.ts';\nexport const open: unknown = connect;\n`,
  },
  'a layer in a folder that knows the simulation': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/layers/preamble/simulated.ts',
    source: `import { real } from '../../sim/timers.ts';\nexport const timers: unknown = real;\n`,
  },
  'a reactor that knows what stands on it': {
    rule: 'no-restricted-imports',
    path: 'packages/core/src/node/upwards.ts',
    source: `import { pick } from '../layers/pick.ts';\nexport const choice: unknown = pick;\n`,
  },
  'another package by relative path': {
    rule: 'no-restricted-imports',
    path: 'packages/http/src/relative.ts',
    source: `import { limit } from '../../core/src/contract/limit.ts';\nexport const twice: number = limit * 2;\n`,
  },
  'another package by relative path, from a test': {
    rule: 'no-restricted-imports',
    path: 'packages/http/test/relative.test.ts',
    source: `import type { Limit } from '../../core/src/contract/limit.ts';\nexport type Mine = Limit;\n`,
  },
  'the inside of a package, from an example': {
    rule: 'no-restricted-imports',
    path: 'examples/inside.ts',
    source: `import { limit } from '../packages/core/src/contract/limit.ts';\nexport const twice: number = limit * 2;\n`,
  },
  'an import cycle': {
    rule: 'no-cycle',
    path: 'packages/dns/src/hen.ts',
    source: `import { egg } from './egg.ts';\nexport const hen = (): unknown => egg;\n`,
  },
  'a default export': {
    rule: 'no-default-export',
    path: 'packages/dns/src/default.ts',
    source: `export default 1;\n`,
  },
  'console in src': {
    rule: 'no-console',
    path: 'packages/dns/src/console.ts',
    source: `console.log('hello');\nexport {};\n`,
  },
  any: {
    rule: 'no-explicit-any',
    path: 'packages/dns/src/any.ts',
    source: `export const anything: any = 1;\n`,
  },
  'a promise nobody looks at': {
    rule: 'no-floating-promises',
    path: 'packages/dns/src/floating.ts',
    source: `export function start(work: () => Promise<void>): void {\n  work();\n}\n`,
  },
};

const accepted: Record<string, Omit<Case, 'rule'>> = {
  'node:net in core/src/node': {
    path: 'packages/core/src/node/net.ts',
    source: `import { connect as open } from 'node:net';\nexport const connect: unknown = open;\n`,
  },
  'the simulation over what node has': {
    path: 'packages/core/src/sim/over-node.ts',
    source: `import { connect } from '../node/net.ts';\nexport const open: unknown = connect;\n`,
  },
  'node:net in core/src/adapt': {
    path: 'packages/core/src/adapt/net.ts',
    source: `import { Socket } from 'node:net';\nexport const made: unknown = new Socket();\n`,
  },
  'the type of a socket in the contract': {
    path: 'packages/core/src/contract/socket.ts',
    source: `import type { Socket } from 'node:net';\nexport type Detach = () => Socket;\n`,
  },
  'the type of a socket in a protocol package': {
    path: 'packages/ssh/src/socket.ts',
    source: `import type { Socket } from 'node:net';\nexport type Detach = () => Socket;\n`,
  },
  'types of the contract inside the contract': {
    path: 'packages/core/src/contract/types.ts',
    source: `import type { Limit } from './limit.ts';\nexport type { Limit } from './limit.ts';\nexport type Twice = [Limit, Limit];\n`,
  },
  'timers, time and randomness in core/src/node': {
    path: 'packages/core/src/node/clock.ts',
    source: `export const all: unknown = [setTimeout, clearTimeout, Date.now(), performance.now(), Math.random()];\n`,
  },
  'timers in core/src/sim': {
    path: 'packages/core/src/sim/timers.ts',
    source: `export const real: unknown = [setTimeout, setImmediate];\n`,
  },
  'a Date as a type': {
    path: 'packages/smtp/src/date-type.ts',
    source: `export interface Mail {\n  readonly received: Date;\n}\n`,
  },
  'a hash': {
    path: 'packages/dns/src/hash.ts',
    source: `import { createHash } from 'node:crypto';\nexport const hash: unknown = createHash('sha256');\n`,
  },
  'timers and console in a test': {
    path: 'packages/dns/test/timers.test.ts',
    source: `console.log(setTimeout, Date.now(), Math.random());\nexport {};\n`,
  },
  'the date and console in an example': {
    path: 'examples/clock.ts',
    source: `console.log(new Date());\nexport {};\n`,
  },
  'sockets in the conformance suite': {
    path: 'packages/core/conformance/sockets.ts',
    source: `import { connect } from 'node:net';\nexport const open: unknown = connect;\n`,
  },
  'the src of its own package, from a test': {
    path: 'packages/core/test/layers/own.test.ts',
    source: `import { limit } from '../../src/contract/limit.ts';\nexport const twice: number = limit * 2;\n`,
  },
  'a cycle of types': {
    path: 'packages/dns/src/left.ts',
    source: `import type { Right } from './right.ts';\nexport interface Left {\n  readonly right?: Right;\n}\n`,
  },
  'a default export of a configuration file': {
    path: 'vitest.config.ts',
    source: `export default {};\n`,
  },
};

/** Files the cases import. */
const others: Record<string, string> = {
  'packages/core/src/contract/limit.ts': `export type Limit = number;\nexport const limit: Limit = 1;\n`,
  'packages/core/src/layers/pick.ts': `export const pick = 1;\n`,
  'packages/dns/src/egg.ts': `import { hen } from './hen.ts';\nexport const egg = (): unknown => hen;\n`,
  'packages/dns/src/right.ts': `import type { Left } from './left.ts';\nexport interface Right {\n  readonly left?: Left;\n}\n`,
};

const repository = fileURLToPath(new URL('..', import.meta.url));
let tree = '';
let found: Map<string, string[]>;

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'hawser-lint-'));
  const packages = readdirSync(join(repository, 'packages'));
  // Imports, and with them cycles, are resolved by way of the configuration of each package.
  const configs = [
    '.oxlintrc.json',
    'tsconfig.json',
    ...packages.map((name) => `packages/${name}/tsconfig.json`),
  ];
  for (const path of configs) write(path, readFileSync(join(repository, path)));
  symlinkSync(join(repository, 'node_modules'), join(tree, 'node_modules'));
  for (const { path, source } of [...Object.values(rejected), ...Object.values(accepted)])
    write(path, source);
  for (const [path, source] of Object.entries(others)) write(path, source);
  found = await lint();
}, 60_000);

afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
});

describe('rejects', () => {
  test.each(Object.entries(rejected))('%s', (_name, { rule, path }) => {
    expect(found.get(path)).toContain(rule);
  });
});

describe('accepts', () => {
  test.each(Object.entries(accepted))('%s', (_name, { path }) => {
    expect(found.get(path) ?? []).toEqual([]);
  });
});

function write(path: string, source: string | Buffer): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), source);
}

/** Names of the broken rules by file. */
async function lint(): Promise<Map<string, string[]>> {
  const run = promisify(execFile)(
    process.execPath,
    ['node_modules/oxlint/bin/oxlint', '--format=json', 'packages', 'examples', 'vitest.config.ts'],
    { cwd: tree },
  );
  const { stdout } = await run.catch((failed: { stdout: string }) => failed);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string }[];
  };
  const byFile = new Map<string, string[]>();
  for (const { code, filename } of diagnostics) {
    byFile.set(filename, [...(byFile.get(filename) ?? []), code.replace(/^.*\((.*)\)$/, '$1')]);
  }
  return byFile;
}
