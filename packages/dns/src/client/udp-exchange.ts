// One query in one datagram from a port of its own (RFC 5452 §9.2), and the wait for what answers it.
import {
  CancelledError,
  type Clock,
  type DatagramPort,
  type DatagramProtocol,
  Deferred,
  type DelayedCall,
  type Has,
  type InetAddress,
  toError,
  type Udp,
} from '@hawser/core';
import type { DnsMessage } from '../message/parse-message.ts';
import type { Attempt, Doubt } from './attempt.ts';
import { DnsClientError } from './client-error.ts';

/** What is asked, and of whom. */
export interface UdpQuestion {
  readonly attempt: Attempt;
  readonly to: InetAddress;
  /**
   * Datagrams that claim to be from the server and are no reply, after which it looks like an attack. What is repeated waits
   * on, as it cannot be asked elsewhere.
   */
  readonly maxMismatches: number;
  /**
   * Sends the same octets again from the same port after so many milliseconds, then after twice as many, and so on. The
   * server knows them again, so that what they order is done once. @defaultValue they are sent once
   */
  readonly repeatMs?: number | undefined;
  /** Called for each datagram that is ignored. */
  mismatched?(): void;
}

/**
 * The reply; or a doubt, if there is something wrong about what came: then only a stream can be trusted. It waits
 * until it is cancelled. The port is gone when it settles.
 * @throws DnsClientError `HAWSER_DNS_NETWORK` if no port can be had
 */
export function exchangeUdp(
  reactor: Has<'udp' | 'clock'>,
  question: UdpQuestion,
): Deferred<DnsMessage | Doubt> {
  const asking = new Asking(question, reactor.clock);
  asking.bindTo(reactor.udp);
  return asking.result;
}

const attacked: Doubt = {
  kind: 'doubtful',
  error: new DnsClientError('HAWSER_DNS_REPLY', 'Cannot tell the reply from what others send'),
};

/** Replies are small, and there may be many ports. */
const RECEIVE_BUFFER_BYTES = 65_536;

class Asking implements DatagramProtocol {
  readonly result: Deferred<DnsMessage | Doubt>;
  readonly #question: UdpQuestion;
  #binding: Deferred<DatagramPort> | undefined;
  #port: DatagramPort | undefined;
  #mismatches = 0;
  readonly #clock: Clock;
  #repetition: DelayedCall | undefined;

  constructor(question: UdpQuestion, clock: Clock) {
    this.#question = question;
    this.#clock = clock;
    this.result = new Deferred({ canceller: () => this.#close(), where: 'dns.udp' });
  }

  bindTo(udp: Udp): void {
    const { to, repeatMs } = this.#question;
    const host = to.family === 4 ? '0.0.0.0' : '::';
    this.#binding = udp.bind(
      { host, port: 0, receiveBufferBytes: RECEIVE_BUFFER_BYTES, maxSendQueueBytes: 65_536 },
      this,
    );
    void this.#binding.addBoth((outcome) => {
      this.#binding = undefined;
      if (outcome.state === 'rejected') {
        // Whoever gave up meanwhile is told so, and does not try again.
        if (outcome.error instanceof CancelledError) return;
        const cause = toError(outcome.error);
        const why = 'Cannot ask as no UDP port can be bound';
        this.result.reject(new DnsClientError('HAWSER_DNS_NETWORK', why, { cause }));
        return;
      }
      this.#port = outcome.value;
      if (this.result.peek().state === 'pending') this.#send(this.#port, repeatMs);
      else this.#close();
    });
  }

  #send(port: DatagramPort, repeatMs: number | undefined): void {
    const { to, attempt } = this.#question;
    port.send(attempt.bytes, to);
    if (repeatMs !== undefined)
      this.#repetition = this.#clock.callLater(repeatMs, () => this.#send(port, repeatMs * 2));
  }

  datagramReceived(data: Buffer, from: InetAddress): void {
    const question = this.#question;
    const { to, attempt, maxMismatches, repeatMs } = question;
    if (this.result.peek().state !== 'pending') return;
    // Anybody may send to the port; only what claims to come from the server is an attempt to be taken for it.
    const known = from.host === to.host;
    const verdict = known && from.port === to.port ? attempt.judge(data) : undefined;
    if (verdict !== undefined && !('kind' in verdict)) {
      this.#settle(verdict);
      return;
    }
    if (verdict?.kind !== 'doubtful') question.mismatched?.();
    if (known) this.#mismatches += 1;
    if (verdict?.kind === 'doubtful') this.#settle(verdict);
    else if (this.#mismatches >= maxMismatches && repeatMs === undefined) this.#settle(attacked);
  }

  #settle(outcome: DnsMessage | Doubt): void {
    this.#close();
    this.result.resolve(outcome);
  }

  #close(): void {
    this.#repetition?.cancel();
    this.#binding?.cancel();
    void this.#port?.stop();
    this.#port = undefined;
  }
}
