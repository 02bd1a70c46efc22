import type { Connection } from '../../src/stream/connection.ts';
import { StreamProtocol } from '../../src/stream/stream-protocol.ts';
import { FakeTransport, type FakeTransportOptions } from '../../testing/fake-transport.ts';

/** A stream connection whose peer is the test. */
export function openStream(options?: FakeTransportOptions): {
  conn: Connection;
  transport: FakeTransport;
} {
  const transport = new FakeTransport(options);
  const protocol = new StreamProtocol();
  transport.start(protocol);
  return { conn: protocol.connection, transport };
}

/** What a loop gives, and how it ends. */
export async function collect(loop: AsyncIterable<unknown>): Promise<string[]> {
  const seen: string[] = [];
  try {
    for await (const each of loop) seen.push(String(each));
  } catch (error) {
    seen.push(`!${String(Reflect.get(error as object, 'code'))}`);
  }
  return seen;
}
