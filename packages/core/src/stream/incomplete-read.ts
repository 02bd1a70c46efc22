import { ProtocolError } from '../errors.ts';

/**
 * The peer ended its side in the middle of what was read. The bytes that did come were not consumed: `read` gives
 * them.
 */
export class IncompleteRead extends ProtocolError<'HAWSER_INCOMPLETE'> {
  override readonly name: string = 'IncompleteRead';
  /** How many bytes of it came. */
  readonly bytes: number;

  constructor(what: string, bytes: number) {
    super('HAWSER_INCOMPLETE', `Cannot read ${what} as the input ended after ${bytes} bytes`);
    this.bytes = bytes;
  }
}
