import { ProtocolError } from '../../../errors.ts';

/** The error for a header that breaks `rule`. */
export function badHeader(rule: string): ProtocolError {
  return new ProtocolError('HAWSER_BAD_PROXY_HEADER', `Cannot read the PROXY header as ${rule}`);
}
