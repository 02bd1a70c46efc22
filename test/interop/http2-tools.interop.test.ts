import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer, succeed } from './http-server.ts';
import { interop } from './peer.ts';
import { type Started, startExample } from './started.ts';

// What nghttp and h2load make of HTTP/2 with all that is around it here, and of nothing but node:http2: the same.

const MINUTE = 60_000;

describe('HTTP/2', { timeout: 3 * MINUTE }, () => {
  let server: HttpServer;
  let plain: Started;
  /** Two servers each, to be compared. */
  let places: Record<'TLS' | 'prior knowledge', readonly [ours: string, plain: string]>;

  beforeAll(async () => {
    // As node:http2 has it.
    server = await HttpServer.start({ maxHeadBytes: 65_536 });
    plain = startExample('test/interop/http2-plain-main.ts');
    const [, h2] = await plain.waitFor(/^(\S+) h2$/m, MINUTE);
    const [, h2c] = await plain.waitFor(/^(\S+) h2c$/m, MINUTE);
    places = {
      TLS: [server.secure, `https://${h2}`],
      'prior knowledge': [server.plain, `http://${h2c}`],
    };
  });
  afterAll(async () => {
    await Promise.all([server[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]);
  });

  describe.each(['TLS', 'prior knowledge'] as const)('by %s', (how) => {
    interop('nghttp: requests, uploads, trailers and odd frames', ['nghttp'], async () => {
      const small = server.file('small', 'strand\n');
      const large = server.file('large', Buffer.alloc(900_000, 'x'));
      const huge = server.file('huge', Buffer.alloc(2_000_000, 'x'));
      const runs: [flags: string[], path: string, expected: Outcome][] = [
        [[], '/hello', { statuses: ['200'], errors: [], body: 'hello\n' }],
        [
          ['-m', '100'],
          '/hello',
          { statuses: many('200'), errors: [], body: 'hello\n'.repeat(100) },
        ],
        [['-H', ':method: HEAD'], '/hello', { statuses: ['200'], errors: [], body: '' }],
        [['-d', small], '/echo', { statuses: ['200'], errors: [], body: 'strand\n' }],
        [
          ['-d', small, '-H', ':method: PUT', '-H', 'te: trailers', '--trailer', 'x-sum: 7'],
          '/echo',
          { statuses: ['200', '7'], errors: [], body: 'strand\n' },
        ],
        [['-d', large], '/count', { statuses: ['200'], errors: [], body: '{"bytes":900000}' }],
        [
          ['-d', large, '--no-content-length', '-b', '200'],
          '/count',
          { statuses: ['200'], errors: [], body: '{"bytes":900000}' },
        ],
        [
          ['-d', large, '--expect-continue'],
          '/whole',
          { statuses: ['100', '200'], errors: [], body: '900000\n' },
        ],
        // An answer before the end of the request: the rest is given up, and that is no error (RFC 9113 §8.1).
        [
          ['-d', huge],
          '/whole',
          { statuses: ['413'], errors: ['NO_ERROR'], body: 'Payload Too Large' },
        ],
        [['--continuation'], '/hello', { statuses: ['200'], errors: [], body: 'hello\n' }],
        [['-c', '0', '-c', '4096', '-m', '5'], '/hello', five()],
        [['--encoder-header-table-size', '0', '-m', '5'], '/hello', five()],
        [['--no-dep', '--no-rfc7540-pri', '-m', '5'], '/hello', five()],
        [
          ['-w', '10', '-W', '16'],
          '/flood?bytes=300000',
          { statuses: ['200'], errors: [], body: '0123456789abcde\n'.repeat(18_750) },
        ],
      ];
      for (const [flags, path, expected] of runs) {
        for (const base of places[how]) {
          const outcome = await ask(flags, `${base}${path}`);
          expect({ ...outcome, flags, base }).toEqual({ ...expected, flags, base });
        }
      }
    });

    interop('h2load: many streams, windows and uploads', ['h2load'], async () => {
      const upload = server.file('upload', Buffer.alloc(50_000, 'x'));
      for (const [flags, path] of [
        [['-n', '3000', '-c', '3', '-m', '100'], '/hello'],
        [['-n', '200', '-c', '10', '-m', '1'], '/hello'],
        [['-n', '200', '-c', '2', '-m', '20', '-d', upload], '/echo'],
        [['-n', '20', '-c', '2', '-m', '10', '-w', '12', '-W', '14'], '/flood?bytes=100000'],
        [['-n', '40', '-c', '2', '-m', '20'], '/flood?bytes=1000000'],
      ] as const) {
        const [ours, others] = await Promise.all(
          places[how].map(async (base) => {
            const { stdout } = await succeed('h2load', [...flags, `${base}${path}`]);
            return counted(stdout);
          }),
        );
        expect(ours).toEqual(others);
        expect(ours?.requests).toMatch(/ 0 failed, 0 errored, 0 timeout$/);
        expect(ours?.statuses).toBe(`${flags[1]} 2xx, 0 3xx, 0 4xx, 0 5xx`);
      }
    });
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });
});

interface Outcome {
  /** Of interim and final answers, with the `x-sum` of trailers. */
  readonly statuses: readonly string[];
  /** Codes of RST_STREAM and GOAWAY frames. */
  readonly errors: readonly string[];
  readonly body: string;
}

async function ask(flags: readonly string[], url: string): Promise<Outcome> {
  const all = ['-y', '-t', '60', ...flags, url];
  const { stdout } = await succeed('nghttp', ['-v', '-n', ...all]);
  const said = /recv \(stream_id=\d+\) (?::status|x-sum): (\S+)/g;
  const failed = /recv (?:RST_STREAM|GOAWAY) frame .*\n\s+\((?:.*, )?error_code=(\w+)/g;
  return {
    statuses: [...stdout.matchAll(said)].map(([, value = '']) => value),
    errors: [...stdout.matchAll(failed)].map(([, code = '']) => code),
    body: (await succeed('nghttp', all)).stdout,
  };
}

function many(status: string): string[] {
  return Array.from({ length: 100 }, () => status);
}

function five(): Outcome {
  return { statuses: many('200').slice(0, 5), errors: [], body: 'hello\n'.repeat(5) };
}

function counted(text: string): Record<'requests' | 'statuses' | 'dataBytes', string | undefined> {
  return {
    requests: /^requests: (.*)$/m.exec(text)?.[1],
    statuses: /^status codes: (.*)$/m.exec(text)?.[1],
    dataBytes: /\((\d+)\) data$/m.exec(text)?.[1],
  };
}
