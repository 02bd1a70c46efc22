import { describe, expect, test } from 'vitest';
import { nameAt, readMessage, recordsOf } from '../../src/message/reader.ts';
import { readRecord } from '../../src/message/record.ts';
import type { Name } from '../../src/name.ts';
import { worstMessages } from './worst-messages.ts';

describe.each([4096, 65_535])('in messages of %i octets', (size) => {
  test.each(Object.entries(worstMessages(size)))(
    '%s: what is made stays in proportion',
    (_, bytes) => {
      expect(bytes.length).toBeLessThanOrEqual(size);
      const reading = readMessage(bytes);
      if (!reading.ok) return;
      const { message } = reading;
      const hops = message.budget.hops;
      const made = new Set<Name>();
      let octets = 0;
      for (const view of recordsOf(message)) {
        const owner = nameAt(message, view.nameOffset);
        if (owner !== undefined) made.add(owner);
        // Data without names is as long as it was sent.
        const { wire } = readRecord(message, view)?.rdata ?? {};
        octets += Math.max(0, (wire?.length ?? 0) - view.rdataLength);
      }
      for (const { wire } of made) octets += wire.length;
      expect(octets).toBeLessThanOrEqual(10 * bytes.length + 4096);
      expect(hops - message.budget.hops).toBeLessThanOrEqual(16 * bytes.length);
    },
  );
});
