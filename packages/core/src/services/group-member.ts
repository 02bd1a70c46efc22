import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import { CancelledError } from '../errors.ts';
import { callService } from './service-hook.ts';

type State =
  | { readonly at: 'stopped' }
  | { readonly at: 'starting'; readonly done: Promise<void>; cancelled: boolean }
  | { readonly at: 'running' }
  | { readonly at: 'stopping'; readonly done: Promise<void> };

/**
 * A service in a group. Its hooks run in a context named after it.
 *
 *     stopped ──start──▶ starting ──▶ running ──stop──▶ stopping ──▶ stopped
 *        ▲───── fails, stop ─┘
 */
export class GroupMember {
  readonly service: Service;
  #state: State = { at: 'stopped' };

  constructor(service: Service) {
    this.service = service;
  }

  get starting(): boolean {
    return this.#state.at === 'starting';
  }

  get running(): boolean {
    return this.#state.at === 'running';
  }

  async start(reactor: Reactor): Promise<void> {
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const starting = { at: 'starting' as const, done, cancelled: false };
    this.#state = starting;
    try {
      await callService(this.service, 'start', () => this.service.start(reactor));
      if (starting.cancelled) {
        // It started although it was told to stop.
        await this.#callStop();
        throw new CancelledError(`Cannot start "${this.service.name}": it was stopped`);
      }
      this.#state = { at: 'running' };
    } catch (error) {
      this.#state = { at: 'stopped' };
      throw error;
    } finally {
      finished();
    }
  }

  async quiesce(): Promise<void> {
    await this.#settled();
    if (!this.running) return;
    await callService(this.service, 'quiesce', () => this.service.quiesce?.());
  }

  async drain(deadline: number): Promise<DrainReports> {
    await this.#settled();
    if (!this.running) return {};
    return (await callService(this.service, 'drain', () => this.service.drain?.(deadline))) ?? {};
  }

  async stop(): Promise<void> {
    const state = this.#state;
    switch (state.at) {
      case 'stopped':
        return;
      case 'starting':
        state.cancelled = true;
        await this.#callStop();
        await state.done;
        return;
      case 'stopping':
        return state.done;
      case 'running': {
        const done = this.#stopNow();
        this.#state = { at: 'stopping', done };
        return done;
      }
    }
  }

  /** Stops for good; with a deadline, after the work there is. */
  async leave(deadline: number | undefined): Promise<DrainReports> {
    let reports: DrainReports = {};
    try {
      if (deadline !== undefined) {
        await this.quiesce();
        reports = await this.drain(deadline);
      }
    } finally {
      await this.stop();
    }
    return reports;
  }

  async #stopNow(): Promise<void> {
    try {
      await this.#callStop();
    } finally {
      this.#state = { at: 'stopped' };
    }
  }

  async #callStop(): Promise<void> {
    await callService(this.service, 'stop', () => this.service.stop());
  }

  /** Waits for a start under way, whose outcome is somebody else's business. */
  async #settled(): Promise<void> {
    if (this.#state.at === 'starting') await this.#state.done;
  }
}
