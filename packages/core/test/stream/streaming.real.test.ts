import { expect, test } from 'vitest';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { connect } from '../../src/stream/connect.ts';
import { streaming } from '../../src/stream/streaming.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const echo = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

test('a conversation over TCP, a half-close, and the end of both sides', async () => {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, echo);
  try {
    const conn = await connect(reactor, `tcp://127.0.0.1:${Reflect.get(port.address, 'port')}`);
    await conn.write('hello\n');
    expect(await conn.readLine({ max: 64 })).toBe('hello');
    await conn.write('x\n'.repeat(1_000));
    conn.end();
    let lines = 0;
    for await (const line of conn.lines({ max: 64 })) if (line === 'x') lines += 1;
    expect(lines).toBe(1_000);
    expect(await conn.close()).toEqual({ kind: 'done' });
  } finally {
    await port.stop();
  }
  expect(reports.problems).toEqual([]);
});

test('a drain ends idle conversations before the deadline', async () => {
  const reactor = createNodeReactor({ reports: new CollectedReports() });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, echo);
  const conn = await connect(reactor, `tcp://127.0.0.1:${Reflect.get(port.address, 'port')}`);
  await conn.write('hello\n');
  await conn.readLine({ max: 64 });
  const report = port.drain(reactor.clock.now() + 10_000);
  expect(await conn.readLine({ max: 64 })).toBeUndefined();
  await conn.close();
  expect(await report).toEqual({ finished: 1, aborted: 0 });
  await port.stop();
});
