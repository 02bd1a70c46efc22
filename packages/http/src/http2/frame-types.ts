/** Frame types of HTTP/2 (RFC 9113 §6), as far as the guard tells them apart. */
export const FrameType = {
  Data: 0,
  Headers: 1,
  RstStream: 3,
  Settings: 4,
  Ping: 6,
  Goaway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

/** Flags of frames. */
export const FrameFlag = { Ack: 1, EndStream: 1, EndHeaders: 4, Padded: 8 } as const;

/** Octets before the payload of each frame: length (24), type (8), flags (8), stream (1 + 31). */
export const FRAME_HEADER_BYTES = 9;

/** What a client sends first (RFC 9113 §3.4). No HTTP/1 request begins like it, as `PRI` is no method. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
