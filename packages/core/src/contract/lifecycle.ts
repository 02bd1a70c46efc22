/** The phases of a shutdown. Each ends everywhere before the next begins. */
export type ShutdownPhase = 'quiesce' | 'drain' | 'stop' | 'flush';

/** What the process is asked to do. Nothing is installed until somebody subscribes. */
export interface Lifecycle {
  /** Aborted when a stop was requested. */
  readonly stopping: AbortSignal;
  /** Asks the application to stop. Harmless when repeated. */
  requestStop(): void;
  /** Calls `listener` on an operating system signal. Disposing stops listening. */
  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): Disposable;
  /** Calls `listener` in that phase of a shutdown, after the services. */
  onPhase(phase: ShutdownPhase, listener: (deadline: number) => void | Promise<void>): Disposable;
  /** Runs the listeners of a phase and settles when all have ended. For the application, not for listeners. */
  runPhase(phase: ShutdownPhase, deadline: number): Promise<void>;
}
