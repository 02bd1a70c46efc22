import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer, succeed } from './http-server.ts';
import { interop } from './peer.ts';

// Programs that ask as fast as they can. They count what was answered; how fast it was is no matter of a test.

const MINUTE = 60_000;

/** Sixteen requests in one write; each answer must be that of the request at its place. */
const PIPELINE = `
local threads = {}
function setup(thread) table.insert(threads, thread) end

function init()
  local all = {}
  for n = 0, 15 do all[n + 1] = wrk.format("GET", "/json/" .. n) end
  pipeline = table.concat(all)
  answered, wrong = 0, 0
end

function request() return pipeline end

function response(status, headers, body)
  local expected = '{"name":"' .. answered % 16 .. '"'
  if status ~= 200 or body:sub(1, #expected) ~= expected then wrong = wrong + 1 end
  answered = answered + 1
end

function done()
  for _, thread in ipairs(threads) do
    print("answered " .. thread:get("answered") .. ", wrong " .. thread:get("wrong"))
  end
end
`;

describe('load', { timeout: 3 * MINUTE }, () => {
  let server: HttpServer;

  beforeAll(async () => {
    server = await HttpServer.start();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  interop('h2load: every request is answered, with HTTP/1.1 and HTTP/2', ['h2load'], async () => {
    const upload = ['-d', server.file('upload', Buffer.alloc(100_000, 'tow'))];
    const runs: [flags: string[], path: string, bodyBytes: number][] = [
      [['--h1', '-n', '5000', '-c', '20'], '/hello', 6],
      [['--h1', '-n', '5000', '-c', '5', '-m', '32'], '/hello', 6],
      [['--h1', '-n', '300', '-c', '5', ...upload], '/echo', 100_000],
      [['-n', '5000', '-c', '5', '-m', '100'], '/hello', 6],
      [['-n', '300', '-c', '3', '-m', '20', ...upload], '/echo', 100_000],
      // Windows that are nearly always closed.
      [['-n', '40', '-c', '2', '-m', '10', '-w', '12', '-W', '14'], '/flood?bytes=100000', 100_000],
      // A connection for each request.
      [['--h1', '-n', '300', '-c', '300', '-t', '1'], '/hello', 6],
    ];
    for (const [flags, path, bodyBytes] of runs) {
      for (const base of [server.plain, server.secure]) {
        const n = Number(flags[flags.indexOf('-n') + 1]);
        const { stdout } = await succeed('h2load', [...flags, `${base}${path}`]);
        expect(stdout, `${flags.join(' ')} ${base}${path}`).toContain(
          `requests: ${n} total, ${n} started, ${n} done, ${n} succeeded, 0 failed, 0 errored, 0 timeout`,
        );
        expect(stdout).toContain(`status codes: ${n} 2xx, 0 3xx, 0 4xx, 0 5xx`);
        expect(stdout).toContain(`(${n * bodyBytes}) data`);
      }
    }
  });

  interop('wrk: connections are kept, nothing fails', ['wrk'], async () => {
    for (const base of [server.plain, server.secure]) {
      const flags = ['-t', '2', '-c', '50', '-d', '3', '--timeout', '60'];
      const { stdout } = await succeed('wrk', [...flags, `${base}/hello`]);
      expect(requestsIn(stdout)).toBeGreaterThan(50);
      expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
    }
  });

  interop('wrk: what is pipelined is answered in its order', ['wrk'], async () => {
    const script = server.file('pipeline.lua', PIPELINE);
    for (const base of [server.plain, server.secure]) {
      // A thread has one connection, so that it sees the answers of one.
      const flags = ['-t', '2', '-c', '2', '-d', '3', '--timeout', '60', '-s', script];
      const { stdout } = await succeed('wrk', [...flags, base]);
      const counts = [...stdout.matchAll(/answered (\d+), wrong (\d+)/g)];
      expect(counts).toHaveLength(2);
      for (const [, answered, wrong] of counts) {
        expect(Number(answered)).toBeGreaterThan(16);
        expect(wrong).toBe('0');
      }
      expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
    }
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });
});

function requestsIn(text: string): number {
  return Number(/(\d+) requests in /.exec(text)?.[1]);
}
