// Whole trees that are elsewhere (RFC 6672).
import { MAX_NAME_BYTES, Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkRdata } from '../rdata/rdata.ts';
import type { RRset } from './rrset.ts';

/** The CNAME a DNAME stands for (RFC 6672 §3.1), or undefined if the name would be too long. */
export function substituteAlias(key: string, dname: RRset): RRset | undefined {
  const target = dname.records[0]?.target;
  if (target === undefined) return undefined;
  const prefix = key.slice(0, key.length - dname.name.key.length);
  const wire = Buffer.concat([Buffer.from(prefix, 'latin1'), target.wire]);
  const rdata = wire.length <= MAX_NAME_BYTES ? checkRdata(Type.CNAME, wire) : undefined;
  if (rdata === undefined) return undefined;
  return { name: Name.fromOctets(key), type: Type.CNAME, ttl: dname.ttl, records: [rdata] };
}

/** A DNAME to a name below itself leads to longer and longer names, each as good an answer as the first. */
export function growsForever(dname: RRset): boolean {
  return dname.records[0]?.target?.isSubdomainOf(dname.name) ?? false;
}
