/** What a packet is for. `window` gives the sender leave to send so many bytes more. */
export type PacketKind = 'syn' | 'syn-ack' | 'ack' | 'data' | 'window' | 'fin' | 'rst' | 'datagram';

/** What crosses the simulated network. */
export interface Packet {
  readonly kind: PacketKind;
  readonly bytes: number;
  readonly data?: Buffer | undefined;
}

/** A packet as rules and traces see it. */
export interface PacketView {
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  readonly kind: PacketKind;
  /** Bytes of the application in it. */
  readonly bytes: number;
}

/**
 * What a rule says of a packet: nothing (`undefined`), that it is lost, that it waits for {@link Simulation.release}, or
 * that it takes longer.
 */
export type Verdict = 'drop' | 'hold' | { readonly delayMs: number } | undefined;

/** Looks at each packet when it leaves. The first rule with a verdict decides. */
export type PacketRule = (packet: PacketView) => Verdict;
