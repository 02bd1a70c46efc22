import type { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Address } from '@hawser/core';
import type { ServerChannel } from 'ssh2';
import { ChannelInput } from './channel-input.ts';
import { ChannelOutput } from './channel-output.ts';
import { LineEditor } from './line-editor.ts';
import { LineSplitter } from './line-splitter.ts';
import type { OutputGate } from './output-gate.ts';
import type { Pty } from './pty.ts';
import type { Ssh2Channel } from './ssh2-internals.ts';

/** What a session knows of its client. */
export interface SessionFacts<Identity> {
  /** What the client wants to run; `undefined` asks for a shell. */
  readonly command: string | undefined;
  /** The name the client logged in with. */
  readonly user: string;
  /** What the authenticator gave; `undefined` if that was just `true`. */
  readonly identity: Identity | undefined;
  /** What the client wants in the environment: up to 32 variables of 1024 characters. Trust none of it. */
  readonly env: Readonly<Record<string, string>>;
  /** The client's terminal, if it asked for one. */
  readonly pty: Pty | undefined;
  readonly peer: Address;
}

/** Options for {@link Session.lines}. */
export interface LinesOptions {
  /** Characters of a line. Longer ones end the iteration with a throw; a terminal refuses to type them. */
  readonly max: number;
  /** Shown before each line on a terminal. @defaultValue '' */
  readonly prompt?: string | undefined;
}

/** One shell or command of a client. Input and output are bounded: what is not read or taken stops the other side. */
export class Session<Identity = unknown> implements SessionFacts<Identity> {
  readonly command: string | undefined;
  readonly user: string;
  readonly identity: Identity | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly pty: Pty | undefined;
  readonly peer: Address;
  /** Standard error. */
  readonly stderr: { write(data: string | Uint8Array): Promise<void> };

  readonly #channel: ServerChannel;
  readonly #input: ChannelInput;
  readonly #output: ChannelOutput;
  readonly #decoder = new StringDecoder('utf8');
  /** Text that was read and not taken by a line yet. */
  #text = '';

  constructor(
    facts: SessionFacts<Identity>,
    channel: ServerChannel,
    control: { readonly gate: OutputGate; readonly signal: AbortSignal },
  ) {
    this.command = facts.command;
    this.user = facts.user;
    this.identity = facts.identity;
    this.env = facts.env;
    this.pty = facts.pty;
    this.peer = facts.peer;
    this.#channel = channel;
    this.#input = new ChannelInput(channel, control.signal);
    // The type of ssh2 does not tell of the windows.
    const flows = channel as unknown as Ssh2Channel;
    this.#output = new ChannelOutput(flows, control.gate, control.signal);
    this.stderr = { write: (data) => this.#write(channel.stderr, data) };
  }

  /**
   * Writes to standard output. On a terminal the line feeds in a string become CR LF; bytes are left alone. Settles
   * when the connection has taken it, so awaiting it is how a session keeps to the pace of its client.
   * @throws ConnectionError `HAWSER_CLOSED` if the session has ended
   */
  write(data: string | Uint8Array): Promise<void> {
    return this.#write(this.#channel, data);
  }

  /** Standard input in pieces, until its end. One reader at a time, of this or of {@link lines}. */
  get stdin(): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.#chunks() };
  }

  /**
   * Standard input in lines, until its end. On a terminal a person can edit them: typing is shown, backspace and Ctrl-U
   * erase, Ctrl-C drops the line, Ctrl-D on an empty line is the end.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG`
   */
  async *lines(options: LinesOptions): AsyncGenerator<string, void, void> {
    const { max, prompt = '' } = options;
    const splitter = this.pty ? undefined : new LineSplitter(max);
    const reader = splitter ?? new LineEditor(max);
    const ask = async (): Promise<void> => {
      if (this.pty && prompt) await this.write(prompt);
    };
    await ask();
    while (await this.#fill()) {
      const { echo, event, rest } = reader.take(this.#text);
      this.#text = rest;
      if (echo) await this.write(Buffer.from(echo));
      if (!event) continue;
      if (event.kind === 'end') return;
      if (event.kind === 'line') yield event.line;
      await ask();
    }
    const last = splitter?.last();
    if (last !== undefined) yield last;
  }

  async *#chunks(): AsyncGenerator<Buffer, void, void> {
    if (this.#text) {
      const text = this.#text;
      this.#text = '';
      yield Buffer.from(text);
    }
    for (let chunk = await this.#input.read(); chunk; chunk = await this.#input.read()) {
      yield chunk;
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#text === '') {
      const chunk = await this.#input.read();
      if (!chunk) return false;
      this.#text = this.#decoder.write(chunk);
    }
    return true;
  }

  #write(stream: Writable, data: string | Uint8Array): Promise<void> {
    const raw = typeof data === 'string' && this.pty ? data.replace(/\r?\n/g, '\r\n') : data;
    return this.#output.write(stream, typeof raw === 'string' ? Buffer.from(raw) : raw);
  }

  /** Ends the session once everything is written. For the connection that runs it. */
  static async finish(session: Session, status: number): Promise<void> {
    await session.#output.idle();
    session.#input.discard();
    try {
      session.#channel.exit(status);
      // Not `close()`, which drops what waits for the window.
      session.#channel.end();
    } catch {
      // The connection ended meanwhile: nobody is left to hear the status.
    }
  }
}
