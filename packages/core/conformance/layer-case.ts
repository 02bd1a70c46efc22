import assert from 'node:assert/strict';
import { layer, stack } from '../src/connection/stack.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { Factory, Incoming } from '../src/contract/factory.ts';
import type { Layer } from '../src/contract/layer.ts';
import type { ConformanceCase, ConformanceHarness } from './conformance-case.ts';
import type { Recorder, Script } from './recorder.ts';
import { Session } from './session.ts';

/** A layer under test, and the connections to put it on. */
export interface LayerHarness extends ConformanceHarness {
  /** Makes the layer, set up so that it lets the client pass. */
  makeLayer(): Layer;
  /** What a client needs in front of it to get through the layer, such as TLS or a PROXY header. */
  wrapClient?(inner: Factory): Factory;
  /** Makes the layer so that it refuses every connection by itself, if it can. */
  makeRefusing?(): Layer;
  /** Whether the transport above detaches where the one below does. @defaultValue true for all but transform layers */
  readonly keepsDetach?: boolean | undefined;
}

/** One claim about layers. */
export interface LayerConformanceCase extends Pick<ConformanceCase, 'name' | 'needs'> {
  /** Rejects when the layer breaks the claim. */
  run(harness: LayerHarness): Promise<void>;
}

/** What a case is made of. */
export interface LayerCaseParts {
  readonly name: string;
  readonly needs?: LayerConformanceCase['needs'] | undefined;
  readonly play: (scene: LayerScene) => Promise<void>;
}

/** Makes a case that plays in a scene of its own and ends with the checks that hold for every case. */
export function layerCase({ name, needs = [], play }: LayerCaseParts): LayerConformanceCase {
  return {
    name,
    needs,
    async run(harness) {
      const scene = new LayerScene(harness);
      await play(scene);
      await scene.session.finish();
    },
  };
}

/** The connection below the layer under test, as the wire has it. */
export class Below {
  readonly incoming: Promise<Incoming>;
  readonly closed: Promise<CloseReason>;
  /** Stands nearest the wire. */
  readonly layer: Layer;

  constructor() {
    let arrived: (incoming: Incoming) => void;
    let gone: (reason: CloseReason) => void;
    this.incoming = new Promise((resolve) => {
      arrived = resolve;
    });
    this.closed = new Promise((resolve) => {
      gone = resolve;
    });
    this.layer = layer({
      kind: 'observer',
      label: 'below',
      build(inner, incoming) {
        arrived(incoming);
        incoming.onClose((reason) => gone(reason));
        return inner.buildProtocol(incoming);
      },
    });
  }
}

/** Two protocols, the layer between the server and the wire, and what is between. */
export interface Connected {
  readonly server: Recorder;
  readonly client: Recorder;
  readonly below: Below;
}

/** How {@link LayerScene.connect} puts the layers. */
export interface ConnectOptions {
  readonly server?: Script | undefined;
  readonly client?: Script | undefined;
  /** @defaultValue the layer under test, once */
  readonly layers?: readonly Layer[] | undefined;
  /** How often the client is wrapped. @defaultValue 1 */
  readonly wraps?: number | undefined;
}

/** Connections through the layer under test. */
export class LayerScene {
  readonly harness: LayerHarness;
  readonly session: Session;
  #connections = 0;

  constructor(harness: LayerHarness) {
    this.harness = harness;
    this.session = new Session(harness);
  }

  /** Connects through the layer and waits until both protocols have heard of it. */
  async connect(options: ConnectOptions = {}): Promise<Connected> {
    const number = ++this.#connections;
    const server = this.session.protocol(`server ${number}`, options.server);
    const client = this.session.protocol(`client ${number}`, options.client);
    const below = await this.open(server.factory, client.factory, options);
    await this.session.wait(Promise.all([this.session.made(server), this.session.made(client)]));
    return { server, client, below };
  }

  /** Connects factories through the layer, of which one may refuse. */
  async open(server: Factory, client: Factory, options: ConnectOptions = {}): Promise<Below> {
    const { layers = [this.harness.makeLayer()], wraps = 1 } = options;
    const below = new Below();
    let wrapped = client;
    for (let times = 0; times < wraps; times++) wrapped = this.wrap(wrapped);
    await this.session.open(stack(below.layer, ...layers)(server), wrapped);
    return below;
  }

  wrap(client: Factory): Factory {
    return this.harness.wrapClient?.(client) ?? client;
  }

  /** Sends `text` to the server and back. */
  async echo({ server, client }: Connected, text: string): Promise<void> {
    const [atServer, atClient] = [server.receivedBytes, client.receivedBytes];
    client.transport.write(Buffer.from(text));
    await this.session.received(server, atServer + text.length);
    server.transport.write(Buffer.from(text));
    await this.session.received(client, atClient + text.length);
    assert.ok(server.text.endsWith(text) && client.text.endsWith(text), 'the bytes arrive');
  }
}
