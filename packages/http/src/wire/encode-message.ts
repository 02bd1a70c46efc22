/** `head`, which is latin1, as bytes. */
export function encodeHead(head: string): Buffer {
  return Buffer.from(head, 'latin1');
}

/**
 * `head`, which is latin1, and `body`, of which a string is UTF-8, as one piece of bytes.
 *
 * @param bodyLength octets of the body, which the head has said already
 */
export function encodeMessage(head: string, body: string | Uint8Array, bodyLength: number): Buffer {
  // As long in octets as in characters: nothing but ASCII.
  if (typeof body === 'string' && body.length === bodyLength) {
    return Buffer.from(head + body, 'latin1');
  }
  const message = Buffer.allocUnsafe(head.length + bodyLength);
  message.write(head, 0, 'latin1');
  if (typeof body === 'string') message.write(body, head.length, 'utf8');
  else message.set(body, head.length);
  return message;
}
