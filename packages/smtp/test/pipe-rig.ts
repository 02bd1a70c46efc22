import type { Factory, WireTransport } from '@hawser/core';
import { connectPipe, createTestReactor, type TestReactor } from '@hawser/core/testing';
import { acceptFor, keep, MemoryMailbox, type SmtpOptions, smtp } from '@hawser/smtp';
import { SmtpClient } from './smtp-client.ts';

/** A server in memory on virtual time, and clients of it. */
export interface PipeRig {
  readonly reactor: TestReactor;
  readonly mailbox: MemoryMailbox;
  readonly factory: Factory;
  readonly connect: (
    cut?: 'whole' | 'bytes' | number,
  ) => SmtpClient & { readonly server: WireTransport };
}

export function pipeRig(options: Partial<SmtpOptions> = {}): PipeRig {
  const reactor = createTestReactor();
  const mailbox = new MemoryMailbox();
  const factory = smtp({
    hostname: 'mx.example.net',
    rcptTo: acceptFor('example.net'),
    message: keep(mailbox),
    ...options,
  });
  return {
    reactor,
    mailbox,
    factory,
    connect(cut = 'whole') {
      const client = new SmtpClient();
      const { server } = connectPipe(reactor, factory, () => client, { cut });
      return Object.assign(client, { server });
    },
  };
}
