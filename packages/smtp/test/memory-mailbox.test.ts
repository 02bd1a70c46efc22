import { type Envelope, MemoryMailbox } from '@hawser/smtp';
import { expect, test } from 'vitest';

const path = { address: '', localPart: '', domain: '', parameters: new Map() };
const envelope: Envelope = { from: path, to: [path], body: '7bit', smtpUtf8: false };

function deliver(mailbox: MemoryMailbox, text: string): number | undefined {
  const content = Buffer.from(text);
  return mailbox.deliver({ envelope, content, receivedAt: 5 })?.responseCode;
}

test('lists what it keeps, oldest first, and gives a message by id', () => {
  const mailbox = new MemoryMailbox();
  deliver(mailbox, 'Subject: one\r\n\r\nbody');
  deliver(mailbox, 'Subject: two\r\n\r\n');
  expect(mailbox.list().map(({ id, subject }) => [id, subject])).toEqual([
    [1, 'one'],
    [2, 'two'],
  ]);
  expect(mailbox.list()[0]).toEqual({
    id: 1,
    receivedAt: 5,
    bytes: 20,
    from: undefined,
    to: undefined,
    subject: 'one',
    date: undefined,
  });
  expect(mailbox.get(1)?.content.toString()).toBe('Subject: one\r\n\r\nbody');
  expect(mailbox.get(3)).toBeUndefined();
});

test('refuses for now what does not fit, and takes it once there is room', () => {
  const mailbox = new MemoryMailbox({ maxMessages: 2, maxBytes: 100 });
  expect(deliver(mailbox, 'x'.repeat(101))).toBe(552);
  expect(deliver(mailbox, 'x'.repeat(60))).toBeUndefined();
  expect(deliver(mailbox, 'x'.repeat(41))).toBe(452);
  expect(deliver(mailbox, 'x'.repeat(40))).toBeUndefined();
  expect(deliver(mailbox, '')).toBe(452);
  expect(mailbox.delete(1)).toBe(true);
  expect(mailbox.delete(1)).toBe(false);
  expect(deliver(mailbox, 'x'.repeat(60))).toBeUndefined();
});

test('counts envelopes, as senders choose their length', () => {
  const mailbox = new MemoryMailbox({ maxBytes: 100 });
  const parameters = new Map<string, string | true>([['X', 'y'.repeat(39)]]);
  const long: Envelope = { ...envelope, to: [{ ...path, parameters }] };
  const deliverLong = (bytes: number): number | undefined =>
    mailbox.deliver({ envelope: long, content: Buffer.alloc(bytes), receivedAt: 5 })?.responseCode;
  expect(deliverLong(61)).toBe(552);
  expect(deliverLong(20)).toBeUndefined();
  expect(deliver(mailbox, 'x'.repeat(41))).toBe(452);
  expect(mailbox.get(1)?.bytes).toBe(20);
  mailbox.delete(1);
  expect(deliver(mailbox, 'x'.repeat(100))).toBeUndefined();
});

test('drops the oldest when told to', () => {
  const mailbox = new MemoryMailbox({ maxMessages: 2, maxBytes: 10, whenFull: 'dropOldest' });
  for (const text of ['aa', 'bb', 'cc']) deliver(mailbox, text);
  expect(mailbox.list().map(({ id }) => id)).toEqual([2, 3]);
  deliver(mailbox, 'x'.repeat(10));
  expect(mailbox.list().map(({ id }) => id)).toEqual([4]);
});

test.each([{ maxMessages: 0 }, { maxBytes: Number.NaN }])('refuses the limits %j', (limits) => {
  expect(() => new MemoryMailbox(limits)).toThrow(RangeError);
});
