// A server that says whatever a test wants, on a simulated host.
import {
  type DatagramPort,
  encodeLengthPrefixed,
  FramedProtocol,
  type InetAddress,
  LengthPrefixDecoder,
  type Port,
  type Reactor,
} from '@hawser/core';
import { buildMessage, type MessageContent } from '../../src/message/build-message.ts';
import { type DnsMessage, parseMessage } from '../../src/message/parse-message.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { Name } from '../../src/name.ts';
import { parseType } from '../../src/numbers.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import type { RecordValue } from '../../src/rdata/value.ts';

/** What a {@link FakeServer} says to one message. */
export type Says = Buffer | Partial<MessageContent> | undefined;
export type Script = (
  query: DnsMessage,
  how: { transport: 'udp' | 'tcp'; from: InetAddress },
) => Says | readonly Says[] | Promise<Says>;

export class FakeServer {
  readonly queries: { transport: 'udp' | 'tcp'; query: DnsMessage; from: InetAddress }[] = [];
  connections = 0;
  script: Script;
  udp!: DatagramPort;
  tcp!: Port;
  readonly live = new Set<FramedProtocol>();

  private constructor(script: Script) {
    this.script = script;
  }

  /** On port 53 of all addresses, or on a free port of one. */
  static async start(
    reactor: Reactor,
    script: Script,
    { host }: { host?: string } = {},
  ): Promise<FakeServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new FakeServer(script);
      await server.#bind(reactor, host);
      try {
        const { port } = server.udp.address;
        server.tcp = await reactor.tcp.listen({ host, port }, () => server.stream());
        return server;
      } catch (error) {
        // Somebody else has that port for TCP.
        await server.udp.stop();
        if (host === undefined || attempt === 5) throw error;
      }
    }
  }

  async #bind(reactor: Reactor, host: string | undefined): Promise<void> {
    this.udp = await reactor.udp.bind(
      { host, port: host === undefined ? 53 : 0 },
      {
        datagramReceived: (data, from) =>
          this.#take(data, { transport: 'udp', from }, (reply) => this.udp.send(reply, from)),
      },
    );
  }

  stream(): FramedProtocol {
    const take = this.#take.bind(this);
    const live = this.live;
    this.connections += 1;
    return new (class extends FramedProtocol {
      constructor() {
        super(new LengthPrefixDecoder({ prefixBytes: 2, maxBytes: 65_535 }));
      }
      override connected(): void {
        live.add(this);
      }
      override connectionLost(): void {
        live.delete(this);
      }
      frameReceived(frame: Buffer): void {
        take(frame, { transport: 'tcp', from: this.transport.peer as InetAddress }, (reply) =>
          this.transport.write(encodeLengthPrefixed(reply, { prefixBytes: 2 })),
        );
      }
    })();
  }

  #take(
    data: Buffer,
    how: { transport: 'udp' | 'tcp'; from: InetAddress },
    send: (reply: Buffer) => void,
  ): void {
    const query = parseMessage(data);
    if ('error' in query) throw new Error(query.error);
    this.queries.push({ ...how, query });
    const send1 = (says: Says): void => {
      if (says !== undefined) send(Buffer.isBuffer(says) ? says : reply(query, says));
    };
    const says = this.script(query, how);
    if (says instanceof Promise) void says.then(send1);
    else if (Array.isArray(says)) for (const each of says) send1(each as Says);
    else send1(says as Says);
  }

  async stop(): Promise<void> {
    await this.udp.stop();
    await this.tcp.stop();
  }
}

/** A reply to `query`: same id and question, QR and RA set. */
export function reply(query: DnsMessage, content: Partial<MessageContent> = {}): Buffer {
  return buildMessage({
    id: query.id,
    opcode: query.opcode,
    question: query.question,
    ...content,
    flags: 0x8000 | (query.flags & 0x0100) | (content.flags ?? 0x0080),
    edns: 'edns' in content ? content.edns : query.edns && { udpSize: 1232 },
  });
}

/** `rr('www.example.net 60 A 192.0.2.1')` */
export function rr(text: string, value?: RecordValue): DnsRecord {
  const [name = '', ttl = '', type = '', ...rest] = text.split(' ');
  const number = parseType(type);
  return {
    name: Name.parse(name),
    type: number,
    class: 1,
    ttl: Number(ttl),
    rdata: encodeRdata(number, value ?? rest.join(' ')),
  };
}

/** Records as lines. */
export function lines(records: readonly DnsRecord[]): string[] {
  return records.map(
    (each) => `${each.name} ${each.ttl} ${each.type} ${each.rdata?.wire.toString('hex')}`,
  );
}
