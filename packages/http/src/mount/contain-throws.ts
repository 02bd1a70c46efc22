import type { EventEmitter } from 'node:events';

/**
 * Gives what a listener of `emitter` throws to `failed`, whoever emits the event: nobody above would catch it, and the
 * process would end by it. An own property, as some apps give requests and responses another prototype.
 */
export function containThrows(emitter: EventEmitter, failed: (thrown: unknown) => void): void {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (...event) => {
    try {
      return emit(...event);
    } catch (thrown) {
      failed(thrown);
      return true;
    }
  };
}
