import type { Address, Reactor } from '@hawser/core';
import type { DnsQuery, QueryTransport } from '../contract/query.ts';
import type { Edns } from '../message/edns.ts';
import { Flag } from '../message/header.ts';
import type { Message, Question } from '../message/reader.ts';
import { Name } from '../name.ts';

/** Where a query came from. */
export interface QueryContext {
  readonly transport: QueryTransport;
  readonly client: Address;
}

/** A query over a message that was read. What is seldom asked for is made when it is. */
export class MessageQuery implements DnsQuery {
  readonly message: Message;
  readonly question: Question;
  readonly context: QueryContext;
  readonly reactor: Reactor;
  readonly tsigKey: Name | undefined = undefined;
  #name: Name | undefined;

  constructor(message: Message, question: Question, context: QueryContext, reactor: Reactor) {
    this.message = message;
    this.question = question;
    this.context = context;
    this.reactor = reactor;
  }

  get opcode(): number {
    return this.message.header.opcode;
  }

  get key(): string {
    return this.question.key;
  }

  get name(): Name {
    this.#name ??= Name.fromWire(this.message.bytes, 12);
    return this.#name;
  }

  get type(): number {
    return this.question.type;
  }

  get class(): number {
    return this.question.class;
  }

  get transport(): QueryTransport {
    return this.context.transport;
  }

  get client(): Address {
    return this.context.client;
  }

  get edns(): Edns | undefined {
    return this.message.edns;
  }

  get dnssecOk(): boolean {
    return this.message.edns?.dnssecOk ?? false;
  }

  get recursionDesired(): boolean {
    return (this.message.header.flags & Flag.RecursionDesired) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.message.header.flags & Flag.CheckingDisabled) !== 0;
  }

  get addressProven(): boolean {
    return this.context.transport !== 'udp';
  }
}
