import { Class, Opcode, Rcode, Type } from '../numbers.ts';
import type { ReceivedQuery } from './query.ts';

/** NOERROR if handlers may see the query; otherwise what it deserves, whatever there is to serve. */
export function queryRcode({ opcode, type, class: asked, transport }: ReceivedQuery): number {
  // UPDATE names its zone as SOA (RFC 2136 §2.3).
  if (opcode === Opcode.Update && type !== Type.SOA) return Rcode.FormErr;
  // A zone has one class, and ANY is none; of others we have no zone (RFC 2136 §3.1.2).
  if (opcode !== Opcode.Query) return asked === Class.IN ? Rcode.NoError : Rcode.NotAuth;
  if (asked !== Class.IN && asked !== Class.ANY) return Rcode.Refused;
  switch (type) {
    case 0:
    case Type.OPT:
    case Type.TSIG:
    case Type.TKEY:
    case Type.NXNAME:
      return Rcode.FormErr;
    case Type.MAILA:
    case Type.MAILB:
      return Rcode.NotImp;
    case Type.AXFR:
      return transport === 'udp' ? Rcode.FormErr : Rcode.NoError;
    default:
      return Rcode.NoError;
  }
}
