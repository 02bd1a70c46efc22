// The client's side of DNS cookies (RFC 7873 §5), for one server.
import type { Random } from '@hawser/core';
import { EdnsOption, type EdnsOptionData } from '../message/edns.ts';
import type { DnsMessage } from '../message/parse-message.ts';

const CLIENT_BYTES = 8;

/** Our cookie for a server, and the one it gave us. */
export class ServerCookies {
  readonly #client: Buffer;
  #server: Buffer = Buffer.alloc(0);

  constructor(random: Random) {
    this.#client = random.bytes(CLIENT_BYTES);
  }

  /** True for a cookie that has our part of this one. */
  isOurs(cookie: Uint8Array): boolean {
    return this.#client.equals(cookie.subarray(0, CLIENT_BYTES));
  }

  /** What to send. */
  get option(): EdnsOptionData {
    return { code: EdnsOption.Cookie, data: Buffer.concat([this.#client, this.#server]) };
  }

  /**
   * False if `reply` can be no reply of that server: it has a cookie that is not for us, or none although the server
   * gave us one before (RFC 7873 §5.3).
   */
  accept(reply: DnsMessage): boolean {
    const cookie = cookieOf(reply);
    if (cookie === undefined) return this.#server.length === 0;
    return this.isOurs(cookie);
  }

  /** Remembers the server's cookie, or that it has none any more. Only for a reply that was accepted. */
  learn(reply: DnsMessage): void {
    const cookie = cookieOf(reply);
    if (cookie === undefined) this.#server = Buffer.alloc(0);
    else if (this.isOurs(cookie)) this.#server = Buffer.from(cookie.subarray(CLIENT_BYTES));
  }
}

function cookieOf(reply: DnsMessage): Buffer | undefined {
  return reply.edns?.options.find(({ code }) => code === EdnsOption.Cookie)?.data;
}
