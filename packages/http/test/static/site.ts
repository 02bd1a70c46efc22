import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import type { HttpContext } from '../../src/contract/http-handler.ts';

/** A time all files of a site have. */
export const WRITTEN = Date.UTC(2020, 0, 2, 3, 4, 5);

/** A directory with files, gone when disposed. */
export interface Site extends Disposable {
  readonly root: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): void;
}

export function makeSite(files: Readonly<Record<string, string | Uint8Array>>): Site {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'hawser-static-')));
  const root = join(top, 'root');
  mkdirSync(root);
  const site: Site = {
    root,
    path: (name) => join(root, name),
    write(name, content) {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      utimesSync(path, WRITTEN / 1000, WRITTEN / 1000);
    },
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
  for (const [name, content] of Object.entries(files)) site.write(name, content);
  return site;
}

/** A request as an engine gives it: the path is what the peer wrote. */
export function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Request {
  const request = {
    method,
    url: `http://host${path}`,
    headers: new Headers(headers),
    signal: new AbortController().signal,
  };
  return request as unknown as Request;
}

/** As much of a context as middleware asks for. */
export function makeContext(
  reactor: TestReactor = createTestReactor(),
  given: Partial<HttpContext> = {},
): HttpContext {
  const facts = new Map<unknown, unknown>();
  const address = { kind: 'tcp', host: '192.0.2.1', port: 4711, family: 4 } as const;
  const context = {
    id: 1,
    reactor,
    local: { ...address, host: '192.0.2.2', port: 80 },
    peer: address,
    info: (key: unknown) => facts.get(key),
    secure: false,
    version: '1.1',
    signal: new AbortController().signal,
    done: Promise.resolve(),
    sentStatus: undefined,
    sentBytes: 0,
    inform: () => undefined,
    trailers: new Headers(),
    provide: (key: unknown, value: unknown) => void facts.set(key, value),
    ...given,
  };
  return context as HttpContext;
}

/** Whether this system tells what is open. */
export const TELLS_OPEN_FILES: boolean = existsSync('/proc/self/fd');

/** How many descriptors this process has open on files of `site`. */
export function openFiles(site: Site): number {
  if (!TELLS_OPEN_FILES) return 0;
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(site.root);
    } catch {
      // The one that read the directory.
      return false;
    }
  }).length;
}
