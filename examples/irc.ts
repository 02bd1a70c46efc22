/**
 * A small cousin of IRC (RFC 2812): nicknames, channels and messages, on lines.
 *
 *     npm run example examples/irc.ts
 *     nc -C 127.0.0.1 6667, then NICK ann, JOIN #rope, PRIVMSG #rope :hello; or irssi -c 127.0.0.1
 */
import { BaseProtocol, idleTimeout, LineDecoder, run, serve, stack } from '@hawser/core';

const HOST = 'irc.example.net';
const MAX_CHANNELS = 10;
const clients = new Map<string, Client>();
const channels = new Map<string, Set<Client>>();

class Client extends BaseProtocol {
  /** 512 with the CRLF (RFC 2812 §2.3). */
  readonly #lines = new LineDecoder({ maxBytes: 510 });
  readonly #joined = new Set<string>();
  #nick = '';

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      // Some clients end a line with a lone CR; nobody may end one in the name of somebody else.
      this.#obey(...parse(String(line).replace(/[\0\r]/g, '')));
      if (this.transport.ending) return;
    }
  }

  drainRequested(): void {
    this.send(`ERROR :${HOST} is closing`);
    this.transport.close();
  }

  override connectionLost(): void {
    clients.delete(this.#nick);
    for (const name of this.#joined) this.#part(name, 'QUIT :Gone');
  }

  send(line: string): void {
    // A client may have hung up while others still talk to it.
    if (this.transport.ending) return;
    this.transport.write(Buffer.from(`${line}\r\n`));
  }

  #obey(command: string, first = '', text = ''): void {
    if (command === 'NICK') this.#register(first);
    else if (command === 'PING') this.send(`:${HOST} PONG ${HOST} :${first}`);
    else if (command === 'QUIT') this.transport.close();
    else if (!this.#nick) this.#reply(451, 'You have not registered');
    else if (command === 'JOIN') this.#join(first);
    else if (command === 'PART' && this.#joined.has(first)) this.#part(first, `PART ${first}`);
    else if (command === 'PRIVMSG') this.#message(first, text);
    else this.#reply(421, `Unknown command`);
  }

  #register(nick: string): void {
    if (this.#nick || !/^[a-z][\w-]{0,29}$/i.test(nick)) return this.#reply(432, 'Not possible');
    if (clients.has(nick)) return this.#reply(433, 'Nickname is already in use');
    this.#nick = nick;
    clients.set(nick, this);
    this.#reply(1, `Welcome, ${nick}`);
  }

  #join(name: string): void {
    if (!/^#[\w-]{1,30}$/.test(name)) return this.#reply(403, 'No such channel');
    if (this.#joined.size === MAX_CHANNELS) return this.#reply(405, 'Too many channels');
    channels.set(name, (channels.get(name) ?? new Set()).add(this));
    this.#joined.add(name);
    this.#say(name, `JOIN ${name}`);
  }

  #part(name: string, line: string): void {
    this.#say(name, line);
    this.#joined.delete(name);
    channels.get(name)?.delete(this);
    // A channel is there as long as somebody is in it.
    if (channels.get(name)?.size === 0) channels.delete(name);
  }

  #message(to: string, text: string): void {
    const peer = clients.get(to);
    if (this.#joined.has(to)) this.#say(to, `PRIVMSG ${to} :${text}`, this);
    else if (peer) peer.send(`:${this.#nick} PRIVMSG ${to} :${text}`);
    else this.#reply(401, 'No such nick or channel');
  }

  #say(channel: string, line: string, except?: Client): void {
    for (const peer of channels.get(channel) ?? []) {
      if (peer !== except) peer.send(`:${this.#nick} ${line}`);
    }
  }

  #reply(code: number, text: string): void {
    this.send(`:${HOST} ${String(code).padStart(3, '0')} ${this.#nick || '*'} :${text}`);
  }
}

/** `COMMAND word word :the rest`, as its parts. */
function parse(line: string): [command: string, ...parameters: string[]] {
  const at = ` ${line}`.indexOf(' :');
  const [command = '', ...words] = (at < 0 ? line : line.slice(0, at)).split(/ +/);
  return [command.toUpperCase(), ...words.filter(Boolean), ...(at < 0 ? [] : [line.slice(at + 1)])];
}

const [endpoint = 'tcp://127.0.0.1:6667'] = process.argv.slice(2);
const patient = stack(idleTimeout(300_000));
await run(serve(endpoint, patient({ name: 'irc', buildProtocol: () => new Client() })));
