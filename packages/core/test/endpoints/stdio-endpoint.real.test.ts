import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.ts';
import { ProcessClientEndpoint } from '../../src/endpoints/process-endpoint.ts';
import { describeReason } from '../../src/errors.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-stdio-'));
afterAll(() => rmSync(folder, { recursive: true }));
const program = fileURLToPath(new URL('stdio-program.ts', import.meta.url));
const args = ['--import', 'tsx', '--conditions=@hawser/source', program];
const half = Buffer.alloc(500_000, 'y');

test('pipes: half a megabyte each way through process: and stdio:', async () => {
  const reactor = createNodeReactor({ reports: new CollectedReports() });
  const endpoint = new ProcessClientEndpoint({ command: process.execPath, args });
  let bytes = 0;
  const reason = await new Promise<string>((done, failed) => {
    const protocol: Protocol = {
      connectionMade(transport) {
        transport.write(half);
        transport.end();
      },
      dataReceived: (data) => void (bytes += data.length),
      connectionLost: (why) => done(describeReason(why)),
    };
    endpoint.connect(reactor, () => protocol).catch(failed);
  });
  expect(bytes).toBe('hello '.length + half.length);
  expect(reason).toBe('closed cleanly');
});

test('files: all of the input, and the process ends by itself', async () => {
  const paths = { input: join(folder, 'in'), output: join(folder, 'out') };
  writeFileSync(paths.input, half);
  const input = openSync(paths.input, 'r');
  const output = openSync(paths.output, 'w');
  let stderr = '';
  const code = await new Promise((done) => {
    const child = spawn(process.execPath, args, { stdio: [input, output, 'pipe'] });
    child.stderr?.on('data', (data: Buffer) => {
      stderr += String(data);
    });
    child.on('close', done);
  });
  closeSync(input);
  closeSync(output);
  expect(readFileSync(paths.output).length).toBe('hello '.length + half.length);
  expect(code).toBe(0);
  expect(stderr).toBe('second: HAWSER_BUSY\n');
});
