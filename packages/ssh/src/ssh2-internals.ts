import type { Duplex } from 'node:stream';
import type { Connection, Session } from 'ssh2';

// The members of ssh2 1.17.0 that are not its public API and that this package touches, in one place. For each there
// is a test in seams.test.ts that fails when an upgrade moves it.

/** One connection's state machine: `client._protocol`. */
export interface Ssh2Protocol {
  readonly _handlers: {
    CHANNEL_OPEN: (protocol: Ssh2Protocol, info: ChannelOpen) => void;
    CHANNEL_DATA: (protocol: Ssh2Protocol, recipient: number, data: Buffer) => void;
    CHANNEL_WINDOW_ADJUST: (protocol: Ssh2Protocol, recipient: number, amount: number) => void;
    CHANNEL_CLOSE: (protocol: Ssh2Protocol, recipient: number) => void;
    USERAUTH_REQUEST: (
      protocol: Ssh2Protocol,
      user: string,
      service: string,
      method: string | undefined,
      data: unknown,
    ) => void;
  };
  /** Set while keys are exchanged; data written meanwhile is queued without a limit. */
  readonly _kexinit: unknown;
  disconnect(reason: number): void;
  ping(): void;
  channelOpenFail(recipient: number, reason: number, description: string): void;
  channelClose(recipient: number): void;
}

/** A CHANNEL_OPEN of the peer (RFC 4254 §5.1). */
interface ChannelOpen {
  readonly type: string;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

/** One direction of a channel. */
interface Flow {
  readonly id: number;
  /** Bytes that may still be sent. */
  readonly window: number;
  readonly packetSize: number;
  readonly state: string;
}

/** A channel, or a session that has not become one yet. */
export interface Ssh2Channel {
  readonly incoming: Flow;
  readonly outgoing: Flow;
}

interface Ssh2Session extends Session {
  /** The channel, once a shell, command or subsystem was accepted. */
  readonly _channel?: Ssh2Channel | undefined;
  readonly _chanInfo: Ssh2Channel;
}

/** ssh2's server side of one connection. */
export interface Ssh2Client extends Connection {
  readonly _protocol: Ssh2Protocol;
  readonly _sock: Duplex;
  readonly _chanMgr: {
    get(id: number): Ssh2Session | Ssh2Channel | undefined;
    remove(id: number): void;
  };
}

/** What stands under a channel number. */
export function sessionOf(client: Ssh2Client, id: number): Ssh2Session | undefined {
  const found = client._chanMgr.get(id);
  return found && '_chanInfo' in found ? found : undefined;
}
