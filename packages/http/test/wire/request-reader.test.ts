import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { RequestReader } from '../../src/wire/request-reader.ts';
import { feedAll, latin1, recordRequests } from './recording.ts';
import { accepted, refused } from './request-vectors.ts';

describe('accepts', () => {
  test.each(accepted.map((vector) => [JSON.stringify(vector[0]), vector] as const))(
    '%s',
    (_, [sent, ...read]) => {
      for (const chunks of chunkings(latin1(sent))) {
        const requests = recordRequests();
        const reader = new RequestReader(requests);
        expect(feedAll(reader, chunks)).toBe(undefined);
        expect(requests.log).toEqual(read);
      }
    },
  );
});

describe('refuses, however it is cut,', () => {
  test.each(refused.map((vector) => [vector[0], JSON.stringify(vector[1]), vector] as const))(
    'as %s: %s',
    (_, __, [code, sent, before = 0]) => {
      for (const chunks of chunkings(latin1(sent))) {
        const requests = recordRequests();
        const reader = new RequestReader(requests);
        expect(feedAll(reader, chunks)?.code).toBe(code);
        expect(requests.log.filter((line) => !line.endsWith(' ...'))).toHaveLength(before);
        expect(reader.state).toBe('stopped');
        const log = [...requests.log];
        expect(reader.feed(latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))?.code).toBe(code);
        expect(reader.resume()?.code).toBe(code);
        expect(reader.finish()?.code).toBe(code);
        expect(requests.log).toEqual(log);
      }
    },
  );
});
