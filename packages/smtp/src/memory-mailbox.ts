import type { Envelope, MailPath } from './envelope.ts';
import type { Delivery, Mailbox } from './mailbox.ts';
import { type MessageHeader, parseMessageHeader } from './message-header.ts';
import { SmtpError } from './smtp-error.ts';

/** Options for {@link MemoryMailbox}. */
export interface MemoryMailboxOptions {
  /** @defaultValue 1_000 */
  readonly maxMessages?: number | undefined;
  /** Of all messages together, with their envelopes. @defaultValue 67_108_864 */
  readonly maxBytes?: number | undefined;
  /** `refuse`: 452 4.3.1, the sender tries again later. `dropOldest`: make room. @defaultValue 'refuse' */
  readonly whenFull?: 'refuse' | 'dropOldest' | undefined;
}

/** A message as a list shows it. */
export interface MailSummary extends MessageHeader {
  /** Counts up from 1 and is never used again. */
  readonly id: number;
  readonly receivedAt: number;
  readonly bytes: number;
}

/** A kept message. */
export interface KeptMail extends MailSummary, Pick<Delivery, 'envelope' | 'content'> {}

/** Messages in memory, for tests, small tools and first steps. They are gone with the process. */
export class MemoryMailbox implements Mailbox {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #whenFull: 'refuse' | 'dropOldest';
  /** In order of arrival. */
  readonly #mails = new Map<number, KeptMail>();
  #bytes = 0;
  #lastId = 0;

  /** @throws RangeError if a limit makes no sense */
  constructor(options: MemoryMailboxOptions = {}) {
    const { maxMessages = 1_000, maxBytes = 67_108_864, whenFull = 'refuse' } = options;
    if (!(maxMessages > 0) || !(maxBytes > 0)) {
      throw new RangeError(
        `Cannot keep mail as the limits must be > 0: current values are ${maxMessages} and ${maxBytes}`,
      );
    }
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
    this.#whenFull = whenFull;
  }

  get size(): number {
    return this.#mails.size;
  }

  deliver({ envelope, content, receivedAt }: Delivery): SmtpError | undefined {
    const bytes = content.length;
    const held = bytes + sizeOf(envelope);
    if (held > this.#maxBytes) {
      return new SmtpError(552, 'Message too big for the mailbox', { enhanced: '5.3.4' });
    }
    while (this.#mails.size >= this.#maxMessages || this.#bytes + held > this.#maxBytes) {
      if (this.#whenFull === 'refuse') {
        return new SmtpError(452, 'Mailbox full', { enhanced: '4.3.1' });
      }
      this.#dropOldest();
    }
    const id = ++this.#lastId;
    const header = parseMessageHeader(content);
    this.#mails.set(id, { id, receivedAt, bytes, ...header, envelope, content });
    this.#bytes += held;
    return undefined;
  }

  /** What there is, oldest first. */
  list(): MailSummary[] {
    return Array.from(
      this.#mails.values(),
      ({ id, receivedAt, bytes, from, to, subject, date }): MailSummary => ({
        id,
        receivedAt,
        bytes,
        from,
        to,
        subject,
        date,
      }),
    );
  }

  get(id: number): KeptMail | undefined {
    return this.#mails.get(id);
  }

  /** Removes a message; false if there was none. */
  delete(id: number): boolean {
    const mail = this.#mails.get(id);
    if (mail) this.#bytes -= mail.bytes + sizeOf(mail.envelope);
    return this.#mails.delete(id);
  }

  #dropOldest(): void {
    const [oldest] = this.#mails.keys();
    if (oldest !== undefined) this.delete(oldest);
  }
}

/** What a client chose the length of: a hundred recipients with parameters outweigh a short message. */
function sizeOf({ from, to }: Envelope): number {
  return to.reduce((sum, path) => sum + sizeOfPath(path), sizeOfPath(from));
}

function sizeOfPath({ address, parameters }: MailPath): number {
  let size = address.length;
  for (const [name, value] of parameters) size += name.length + String(value).length;
  return size;
}
