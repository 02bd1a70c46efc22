import type { Port } from '@hawser/core';
import type { MemoryMailbox } from '@hawser/smtp';

/** A service with a port, as the operator sees it. */
export interface Listening {
  readonly port: Port | undefined;
}

/** One line a message: number, time, sender, recipients, subject. */
export function mailLines(mailbox: MemoryMailbox): string[] {
  return mailbox.list().map(({ id, receivedAt, from, to, subject, bytes }) => {
    const time = new Date(receivedAt).toISOString();
    return printable(`${id} ${time} ${bytes} bytes, from ${from}, to ${to}: ${subject ?? ''}`);
  });
}

/** One line a listener: how many are connected, and where. */
export function connectionLines(listeners: readonly Listening[]): string[] {
  return listeners.flatMap(({ port }) =>
    port === undefined ? [] : [`${port.connections} on ${port}`],
  );
}

/** What strangers wrote must not steer the operator's terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
