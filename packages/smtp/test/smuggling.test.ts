import { expect, test } from 'vitest';
import { pipeRig } from './pipe-rig.ts';

// What a sender may think ends the data, followed by a second message. It must never be taken for one.
const ENDINGS = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r\n',
  '\r.\r',
  '\r\n.\n',
  '\r\n.\r',
  '\n.\r',
  '\r.\n',
  '\r\r\n.\r\n',
  '\r\n.\r\r\n',
  '\n\r.\r\n',
];
const SECOND = 'MAIL FROM:<evil@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nevil\r\n.\r\n';

test.each(ENDINGS)('%j smuggles nothing', async (ending) => {
  for (const cut of ['whole', 'bytes', 3] as const) {
    const { connect, mailbox, reactor } = pipeRig();
    const client = connect(cut);
    await client.greet();
    await client.beginData();
    client.send(`first${ending}${SECOND}`);
    expect(await client.rest()).toBe('550 5.6.11 Lines must end with CRLF\r\n');
    expect(mailbox.size).toBe(0);
    expect(reactor.reports.problems).toEqual([]);
  }
});

test.each(['NOOP\n', 'NOOP\rRSET\r\n', '\n', 'NOOP\r\r\n'])(
  'the command %j ends the session',
  async (command) => {
    const { connect } = pipeRig();
    const client = connect();
    await client.greet();
    client.send(`${command}${SECOND}`);
    expect(await client.rest()).toBe('521 5.5.2 Commands must end with CRLF\r\n');
  },
);

test('a command cut off by the end of the input is not run', async () => {
  const { connect, mailbox } = pipeRig();
  const client = connect();
  await client.greet();
  client.send('NOOP');
  client.transport.end();
  expect(await client.rest()).toBe('');
  expect(mailbox.size).toBe(0);
});
