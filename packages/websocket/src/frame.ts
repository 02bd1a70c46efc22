/** What a message is (RFC 6455 §5.2). */
export type MessageKind = 'text' | 'binary';

const FIN = 0x80;
const OPCODES: Readonly<Record<MessageKind, number>> = { text: 1, binary: 2 };

/**
 * A whole message as the frame a server sends: unmasked, in one piece. Made once, it can be sent to many.
 *
 * ```text
 * FIN+opcode | length < 126              | payload
 * FIN+opcode | 126 | length as 16 bits   | payload
 * FIN+opcode | 127 | length as 64 bits   | payload
 * ```
 */
export function encodeFrame(kind: MessageKind, payload: Uint8Array): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extra + length);
  frame[0] = FIN | OPCODES[kind];
  if (extra === 0) {
    frame[1] = length;
  } else if (extra === 2) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, 2 + extra);
  return frame;
}
