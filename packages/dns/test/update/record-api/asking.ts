import type { createTestReactor } from '@hawser/core/testing';
import type { DynamicZone } from '../../../src/store/dynamic-zone.ts';
import { recordApi } from '../../../src/update/record-api/record-api.ts';

/** Sends requests about the records of `zone` with a token that may do everything. */
export function asking(zone: DynamicZone, reactor: ReturnType<typeof createTestReactor>) {
  const handler = recordApi(zone, { tokens: [{ name: 'all', token: 'all' }] });
  return async (method: string, path: string, body?: unknown, more = {}) => {
    const headers = { authorization: 'Bearer all', 'content-type': 'application/json', ...more };
    const response = await handler(
      new Request(`http://localhost/zones/example.net/records${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
      { reactor },
    );
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get('etag'),
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
}
