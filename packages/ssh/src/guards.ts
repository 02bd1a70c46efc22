import { DisconnectReason, OpenFailure } from './disconnect-reason.ts';
import { type Ssh2Client, sessionOf } from './ssh2-internals.ts';

/** A client whose packets may not be larger than this cannot be served: at 0 ssh2 loops for ever. */
const MIN_PACKET_BYTES = 64;
const AUTH_METHODS = new Set([
  'none',
  'password',
  'publickey',
  'hostbased',
  'keyboard-interactive',
]);

/** What {@link guard} asks and tells. */
export interface GuardEvents {
  /** Whether one more channel may be opened now. */
  mayOpen(): boolean;
  /** The peer allows more bytes to be sent. */
  windowAdjusted(): void;
  /** The peer broke the protocol in a way ssh2 lets pass. */
  violated(what: string, reason: number): void;
}

/**
 * Stands in front of the message handlers of ssh2 1.17.0 and keeps from them what they cannot take. Each guard names
 * what would happen without it.
 */
export function guard(client: Ssh2Client, events: GuardEvents): void {
  const handlers = client._protocol._handlers;
  const { CHANNEL_OPEN, CHANNEL_DATA, CHANNEL_WINDOW_ADJUST, CHANNEL_CLOSE, USERAUTH_REQUEST } =
    handlers;

  handlers.CHANNEL_OPEN = (protocol, info) => {
    // A packet size of 0 makes the first write to the channel loop for ever, and the process with it.
    if (info.packetSize < MIN_PACKET_BYTES) {
      protocol.channelOpenFail(info.sender, OpenFailure.ConnectFailed, '');
    } else if (client.authenticated && !events.mayOpen()) {
      protocol.channelOpenFail(info.sender, OpenFailure.ResourceShortage, '');
    } else {
      CHANNEL_OPEN(protocol, info);
    }
  };

  handlers.CHANNEL_DATA = (protocol, recipient, data) => {
    const found = client._chanMgr.get(recipient);
    const channel = found && '_chanInfo' in found ? found._channel : found;
    // ssh2 stops a peer that fills the window exactly; one that oversteps it may send, and fill memory, for ever.
    if (channel && data.length > channel.incoming.window) {
      events.violated('sent more than the window allows', DisconnectReason.ProtocolError);
      return;
    }
    CHANNEL_DATA(protocol, recipient, data);
  };

  handlers.CHANNEL_WINDOW_ADJUST = (protocol, recipient, amount) => {
    CHANNEL_WINDOW_ADJUST(protocol, recipient, amount);
    events.windowAdjusted();
  };

  handlers.CHANNEL_CLOSE = (protocol, recipient) => {
    const session = sessionOf(client, recipient);
    CHANNEL_CLOSE(protocol, recipient);
    // A session that nothing was started in is neither answered nor forgotten by ssh2.
    if (session && !session._channel) {
      client._chanMgr.remove(recipient);
      protocol.channelClose(session._chanInfo.outgoing.id);
    }
  };

  handlers.USERAUTH_REQUEST = (protocol, user, service, method, data) => {
    // ssh2 disconnects on a method it does not know, where the client should hear which ones there are
    // (RFC 4252 §5.1); it does hear that on "none".
    if (method !== undefined && AUTH_METHODS.has(method)) {
      USERAUTH_REQUEST(protocol, user, service, method, data);
    } else {
      USERAUTH_REQUEST(protocol, user, service, 'none', null);
    }
  };
}
