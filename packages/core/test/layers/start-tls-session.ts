import { BaseProtocol } from '../../src/connection/base-protocol.ts';
import { TLS } from '../../src/connection/info-keys.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../src/contract/tls.ts';
import { startTls } from '../../src/layers/transform/start-tls.ts';

/** A protocol of lines that answers each, and starts TLS when it is told to. */
export class LineServer extends BaseProtocol {
  readonly #options: TlsServerOptions;
  readonly #clientMayHurry: boolean;
  readonly #heard: string[];
  #pending: Buffer = Buffer.alloc(0);

  constructor(options: TlsServerOptions, heard: string[], clientMayHurry: boolean = false) {
    super();
    this.#options = options;
    this.#heard = heard;
    this.#clientMayHurry = clientMayHurry;
  }

  dataReceived(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    for (let end = this.#pending.indexOf('\n'); end >= 0; end = this.#pending.indexOf('\n')) {
      const line = this.#pending.toString('latin1', 0, end);
      this.#pending = this.#pending.subarray(end + 1);
      this.#heard.push(`${this.transport.info(TLS) ? 'secure' : 'clear'} ${line}`);
      this.transport.write(Buffer.from(`ok ${line}\n`));
      if (line !== 'starttls') continue;
      startTls(this.transport, {
        side: 'server',
        options: this.#options,
        clientMayHurry: this.#clientMayHurry,
        leftover: this.#pending,
        upper: () => new LineServer(this.#options, this.#heard),
      });
      return;
    }
  }
}

/** Says `before`, asks for TLS, and says `after` inside of it. */
export class LineClient extends BaseProtocol {
  readonly #options: TlsClientOptions;
  readonly #heard: string[];
  readonly #script: { readonly before: string; readonly after: string; readonly hurry?: boolean };
  #pending: Buffer = Buffer.alloc(0);

  constructor(
    options: TlsClientOptions,
    heard: string[],
    script: { readonly before: string; readonly after: string; readonly hurry?: boolean },
  ) {
    super();
    this.#options = options;
    this.#heard = heard;
    this.#script = script;
  }

  override connected(): void {
    this.transport.write(Buffer.from(`${this.#script.before}starttls\n`));
    if (this.#script.hurry) this.#upgrade();
  }

  dataReceived(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    const agreed = this.#pending.indexOf('ok starttls\n');
    if (agreed < 0) return;
    this.#pending = this.#pending.subarray(agreed + 'ok starttls\n'.length);
    this.#upgrade();
  }

  #upgrade(): void {
    const heard = this.#heard;
    const { after } = this.#script;
    startTls(this.transport, {
      side: 'client',
      options: this.#options,
      leftover: this.#pending,
      upper: () => ({
        connectionMade: (t) => void t.write(Buffer.from(after)),
        dataReceived: (data) => void heard.push(data.toString('latin1')),
      }),
    });
  }
}
