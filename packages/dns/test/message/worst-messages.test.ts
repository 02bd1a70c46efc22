import { describe, expect, test, vi } from 'vitest';
import { readHeader } from '../../src/message/header.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { readMessage, recordsOf } from '../../src/message/reader.ts';
import { readRecord } from '../../src/message/record.ts';
import { Name } from '../../src/name.ts';
import { worstMessages } from './worst-messages.ts';

describe.each([4096, 65_535])('in messages of %i octets', (size) => {
  test.each(Object.entries(worstMessages(size)))(
    '%s: what is made stays in proportion',
    (_, bytes) => {
      expect(bytes.length).toBeLessThanOrEqual(size);
      const reading = readMessage(bytes);
      if (!reading.ok) return;
      const { message } = reading;
      const { steps } = message.budget;
      const made = new Set<Name>();
      let octets = 0;
      for (const view of recordsOf(message)) {
        const record = readRecord(message, view);
        if (record === undefined) break;
        made.add(record.name);
        // Data without names is as long as it was sent.
        octets += Math.max(0, (record.rdata?.wire.length ?? 0) - view.rdataLength);
      }
      for (const { wire } of made) octets += wire.length;
      expect(octets).toBeLessThanOrEqual(8 * bytes.length + 4096);
      expect(steps - message.budget.steps).toBeLessThanOrEqual(bytes.length / 2 + 513);
    },
  );

  test.each(Object.entries(worstMessages(size)))(
    '%s: names in data are not made before somebody asks for them',
    (_, bytes) => {
      const made = [vi.spyOn(Name, 'fromWire'), vi.spyOn(Name, 'fromParts')];
      const parsed = parseMessage(bytes);
      const count = made.reduce((sum, { mock }) => sum + mock.calls.length, 0);
      vi.restoreAllMocks();
      const records = 'error' in parsed ? readHeader(bytes)?.answers : parsed.answer.length;
      // One an owner, one for the question, and those that are too far away to be read again.
      expect(count).toBeLessThanOrEqual((records ?? 0) + 1 + bytes.length / 16);
    },
  );
});
