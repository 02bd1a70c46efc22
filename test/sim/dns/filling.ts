import { type CommitHook, encodeRdata, Name, Type } from '@hawser/dns';
import { ZONE } from './key.ts';

/** Together more than two messages of a transfer. */
const NAMES = 40;
const TEXTS = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(240));

/** Fills a zone when it is made. */
export const filling: CommitHook = (before) => {
  if (before !== undefined) return [];
  return Array.from({ length: NAMES }, (_, at) => Name.parse(`filler${at}.${ZONE}`)).flatMap(
    (name) =>
      [
        { type: Type.TXT, value: TEXTS },
        { type: Type.A, value: '192.0.2.9' },
      ].map(({ type, value }) => {
        const rrset = { name, type, ttl: 60, records: [encodeRdata(type, value)] };
        return { name, type, rrset };
      }),
  );
};
