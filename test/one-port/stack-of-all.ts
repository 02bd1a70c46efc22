// One port: PROXY v1, then TLS with HTTP or SSH inside, HTTP in clear, or silence, answered by a protocol that speaks
// first. Every protocol tells what it was given, so that a test can see whether it is a socket of the system.
import type { Socket } from 'node:net';
import {
  BaseProtocol,
  type Factory,
  LineDecoder,
  proxyProtocol,
  sniff,
  stack,
  type TlsServerOptions,
  tls,
} from '@hawser/core';
import { http } from '@hawser/http';
import { ssh } from '@hawser/ssh';

/** What a protocol was given. */
export interface Given {
  readonly protocol: string;
  /** The socket of the system, if it took that: HTTP has no use for it, and in a simulation there is none. */
  socket?: Socket;
  /** The peer, as the connection tells it. */
  readonly peer: string;
}

/** Options for {@link stackOfAll}. */
export interface StackOptions {
  readonly certificate: TlsServerOptions;
  /** Folder for the host key of SSH. */
  readonly hostKeys: string;
  /** Hears of every protocol that takes a connection over. */
  readonly given: (given: Given) => void;
}

/** The factory of the one port. */
export function stackOfAll({ certificate, hostKeys, given }: StackOptions): Factory {
  const web = watched(
    http((request) => new Response(`${new URL(request.url).pathname}\n`)),
    given,
  );
  const shell = watched(ssh({ hostKeys, auth: () => true, session: () => 3 }), given);
  const mail: Factory = { name: 'mail', buildProtocol: () => new Greeter() };
  const inside = sniff({ http: web, ssh: shell });
  return stack(proxyProtocol({ trust: ['127.0.0.0/8', '10.0.0.0/8'] }))(
    sniff({ tls: stack(tls(certificate))(inside), http: web, silent: mail }),
  );
}

/** Speaks first, as SMTP does. */
class Greeter extends BaseProtocol {
  readonly #lines = new LineDecoder({ maxBytes: 512 });

  override connected(): void {
    const { peer } = this.transport;
    this.#say(`220 hello ${'host' in peer ? peer.host : ''}`);
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      if (line.toString() !== 'QUIT') this.#say(`250 ${line.toString()}`);
      else {
        this.#say('221 bye');
        this.transport.close();
      }
    }
  }

  #say(line: string): void {
    this.transport.write(Buffer.from(`${line}\r\n`));
  }
}

/** Lets somebody see what the protocols of `factory` take. */
function watched(factory: Factory, given: StackOptions['given']): Factory {
  return {
    name: factory.name,
    match: factory.match,
    buildProtocol(incoming) {
      const protocol = factory.buildProtocol(incoming);
      const made = protocol?.connectionMade?.bind(protocol);
      if (!protocol || !made) return protocol;
      protocol.connectionMade = (transport) => {
        const { peer, detach } = transport;
        const facts: Given = { protocol: factory.name, peer: 'host' in peer ? peer.host : '' };
        given(facts);
        if (detach) {
          const keep = (): Socket => {
            facts.socket = detach();
            return facts.socket;
          };
          Object.defineProperty(transport, 'detach', { value: keep });
        }
        made(transport);
      };
      return protocol;
    },
  };
}
