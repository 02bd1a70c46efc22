// What the reactor and a worker thread say to each other. One request at a time; `id` tells which one a message is for,
// as those of the last one may still be under way. What wakes a thread that blocks is in shared memory.
import type { MessagePort } from 'node:worker_threads';
import type { CrossedError } from './crossed-error.ts';

/** Places in the shared memory of a worker. */
export const Flag = {
  /** Counts what happened: a thread that blocks waits for it to change. */
  Signal: 0,
  /** 1 once nobody wants the answer any more. */
  Cancelled: 1,
  /** Octets of a streamed answer that were written and not yet taken. */
  Untaken: 2,
} as const;

export const FLAG_COUNT = 3;

/** What a worker begins with. */
export interface WorkerStart {
  /** URL of the module with the handler. */
  readonly module: string;
  /** The export to call. */
  readonly name: string;
  readonly port: MessagePort;
  readonly flags: Int32Array;
  /** At how many octets of `Untaken` a thread that writes blocks. */
  readonly maxUntakenBytes: number;
}

/** Names and values in turn. */
export type CrossedFields = readonly string[];

/** The request, as it is given to a worker. */
export interface RequestMessage {
  readonly at: 'request';
  readonly id: number;
  readonly method: string;
  readonly url: string;
  readonly fields: CrossedFields;
  readonly params: Readonly<Record<string, string>>;
  /** The whole body, or that it is to be asked for piece by piece. */
  readonly body: Uint8Array | 'streamed';
  /** Longest body that is collected in the worker. */
  readonly maxBodyBytes: number;
}

/** More of it, when the thread has asked. */
export type PartMessage =
  | { readonly at: 'chunk'; readonly id: number; readonly chunk: Uint8Array }
  | { readonly at: 'end'; readonly id: number }
  /** The body cannot be had. */
  | { readonly at: 'broken'; readonly id: number; readonly error: CrossedError }
  | { readonly at: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly at: 'refused'; readonly id: number; readonly error: CrossedError };

export type ToWorker = RequestMessage | PartMessage;

/** Head of an answer. */
export interface CrossedHead {
  readonly status: number;
  readonly fields: CrossedFields;
}

/** What a worker tells of the request it has. */
export type AnswerMessage =
  /** The next piece of the body is wanted. */
  | { readonly at: 'pull'; readonly id: number }
  /** Calls a function of the reactor's side. */
  | {
      readonly at: 'call';
      readonly id: number;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  /** A streamed answer begins. */
  | { readonly at: 'head'; readonly id: number; readonly head: CrossedHead }
  | { readonly at: 'piece'; readonly id: number; readonly chunk: Uint8Array }
  /** A whole answer, or the end of a streamed one, which has no head here. The worker is free. */
  | {
      readonly at: 'done';
      readonly id: number;
      readonly head?: CrossedHead | undefined;
      readonly body?: string | Uint8Array | undefined;
    }
  /** The handler threw. The worker is free. */
  | { readonly at: 'failed'; readonly id: number; readonly error: CrossedError };

export type FromWorker =
  | AnswerMessage
  /** The module is loaded. */
  | { readonly at: 'ready' }
  /** The module cannot be used. */
  | { readonly at: 'unusable'; readonly why: string; readonly error?: CrossedError | undefined };
