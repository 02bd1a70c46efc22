/**
 * Functions that another process may call: JSON-RPC 2.0 in netstrings. A server, then a call:
 *
 *     npm run example examples/netstring-rpc.ts tcp://127.0.0.1:7003
 *     npm run example examples/netstring-rpc.ts tcp://127.0.0.1:7003 add 1 2
 *     printf '35:{"id":1,"method":"add","params":[]},' | nc -N 127.0.0.1 7003
 */
import {
  asClientEndpoint,
  ConnectionError,
  createNodeReactor,
  Deferred,
  encodeNetstring,
  FramedProtocol,
  NetstringDecoder,
  ProtocolError,
  run,
  serve,
} from '@hawser/core';

type Json = Readonly<Record<string, unknown>>;

const methods: Readonly<Record<string, (...numbers: number[]) => number | Promise<number>>> = {
  add: (...numbers) => numbers.reduce((sum, each) => sum + each, 0),
  power: async (base = 0, exponent = 1) => base ** exponent,
};

abstract class Peer extends FramedProtocol {
  constructor() {
    super(new NetstringDecoder({ maxBytes: 65_536 }));
  }

  frameReceived(frame: Buffer): void {
    this.messageReceived(parse(String(frame)));
  }

  abstract messageReceived(message: Json): void;

  send(message: Json): void {
    if (this.transport.ending) return;
    this.transport.write(encodeNetstring(JSON.stringify({ jsonrpc: '2.0', ...message })));
  }
}

function parse(text: string): Json {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === 'object' && message !== null) return message as Json;
  } catch {}
  throw new ProtocolError('HAWSER_BAD_FRAME', 'Cannot read the message');
}

class Server extends Peer {
  messageReceived(call: Json): void {
    // One call at a time: the next one waits, here or in the kernel.
    this.transport.pauseReading();
    void answer(call).then((message) => {
      this.send(message);
      this.transport.resumeReading();
    });
  }
}

async function answer({ id, method, params }: Json): Promise<Json> {
  if (typeof method !== 'string' || !Object.hasOwn(methods, method) || !Array.isArray(params)) {
    return { id, error: { code: -32_601, message: 'No such method' } };
  }
  try {
    return { id, result: await methods[method]?.(...params.map(Number)) };
  } catch {
    return { id, error: { code: -32_603, message: 'Internal error' } };
  }
}

class Caller extends Peer {
  readonly #waiting = new Map<unknown, Deferred<unknown>>();
  #calls = 0;

  call(method: string, params: readonly unknown[]): Deferred<unknown> {
    const id = ++this.#calls;
    const result = new Deferred<unknown>();
    this.#waiting.set(id, result);
    this.send({ id, method, params });
    return result;
  }

  messageReceived({ id, result, error }: Json): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(error);
    else waiting?.resolve(result);
  }

  override connectionLost(): void {
    const lost = new ConnectionError('HAWSER_CLOSED', 'Cannot wait: the connection is gone');
    for (const result of this.#waiting.values()) result.reject(lost);
  }
}

const [endpoint = 'tcp://127.0.0.1:7003', method, ...params] = process.argv.slice(2);
if (method) {
  const caller = await asClientEndpoint(endpoint).connect(createNodeReactor(), () => new Caller());
  console.log(await caller.call(method, params));
  caller.transport.close();
} else {
  await run(serve(endpoint, { name: 'rpc', buildProtocol: () => new Server() }));
}
