import type { FieldLines } from '../contract/field-lines.ts';
import { fieldValue } from './end-to-end-fields.ts';

/**
 * What the peer would like to speak instead. Never HTTP/2 (`h2c`, which RFC 9113 §3.1 has given up): a tunnel of requests
 * would go past everything that is in front of the server.
 */
export function askedUpgrade(fields: FieldLines): string | undefined {
  const names = fieldValue(fields, 'connection')?.toLowerCase().split(',') ?? [];
  if (!names.some((name) => name.trim() === 'upgrade')) return undefined;
  const protocols = fieldValue(fields, 'upgrade')?.split(',') ?? [];
  return protocols.map((each) => each.trim()).find((each) => !/^(?:h2c?|HTTP)(?:$|\/)/i.test(each));
}
