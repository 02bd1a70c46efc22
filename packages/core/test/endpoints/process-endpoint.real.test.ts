import { expect, test } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { ProcessClientEndpoint } from '../../src/endpoints/process-endpoint.ts';
import { describeReason } from '../../src/errors.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });

/** Everything that is heard of a child until it is gone. */
function run(
  endpoint: ReturnType<typeof parseClientEndpoint>,
  start: (transport: Transport) => void,
): Promise<{ heard: string; reason: string }> {
  return new Promise((done, failed) => {
    let heard = '';
    const protocol: Protocol = {
      connectionMade: start,
      dataReceived: (data) => void (heard += String(data)),
      connectionLost: (reason) => done({ heard, reason: describeReason(reason) }),
    };
    endpoint.connect(reactor, () => protocol).catch(failed);
  });
}

const node = (script: string): ProcessClientEndpoint =>
  new ProcessClientEndpoint({ command: process.execPath, args: ['-e', script] });

test('a megabyte through cat and back, and a clean end', async () => {
  const megabyte = Buffer.alloc(1_000_000, 'x');
  const { heard, reason } = await run(parseClientEndpoint('process:cat'), (transport) => {
    transport.write(megabyte);
    transport.end();
  });
  expect(heard.length).toBe(megabyte.length);
  expect(reason).toBe('closed cleanly');
});

test('an exit code is told with what stands on standard error', async () => {
  const { heard, reason } = await run(
    node('console.log("out"); console.error("broken"); process.exitCode = 3'),
    () => undefined,
  );
  expect(heard).toBe('out\n');
  expect(reason).toContain('exited with code 3: "broken"');
});

test('abort kills a child that would stay for ever', async () => {
  const { reason } = await run(node('setInterval(() => {}, 1000)'), (transport) => {
    transport.abort();
  });
  expect(reason).toBe('aborted');
});

test('a program that is not there rejects', async () => {
  await expect(
    parseClientEndpoint('process:/nowhere/at/all').connect(reactor, () => ({ dataReceived() {} })),
  ).rejects.toMatchObject({ code: 'HAWSER_SPAWN' });
  expect(reports.problems).toEqual([]);
});
