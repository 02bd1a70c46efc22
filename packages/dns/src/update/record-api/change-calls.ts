// What PUT, PATCH, DELETE and POST do.
import type { LiveZone } from '../../contract/live-zone.ts';
import type { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import type { RRset } from '../../zone/rrset.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
import { jsonReply, type ReplyOptions } from '../http/reply.ts';
import type { ApiLimits, ZoneCall } from './api-call.ts';
import { jsonBody } from './api-http.ts';
import { Problem } from './problem.ts';
import { decide, describe, type RecordChange, readChange } from './record-changes.ts';
import { deletion, patchChanges, putChange } from './request-changes.ts';
import { checkPreconditions, tagOf, withCurrentTag } from './serial-tag.ts';

/** Waits until all secondaries have a serial. */
export type Propagated = (zone: LiveZone, serial: number) => Promise<void>;

/** What was decided. */
interface Decided {
  /** Whether what the path speaks of was there before. */
  readonly existed: boolean;
  readonly before: Zone;
  readonly edits: readonly Edit[];
}

/** A change that was made. */
interface Made extends Decided {
  readonly serial: number;
  readonly changed: number;
}

/** Calls that change records. Every method throws Problem. */
export class ChangeCalls {
  readonly #limits: ApiLimits;
  readonly #propagated: Propagated | undefined;

  constructor(limits: ApiLimits, propagated: Propagated | undefined) {
    this.#limits = limits;
    this.#propagated = propagated;
  }

  /** PUT, PATCH and DELETE of an RRset. */
  async changeRRset(call: ZoneCall, name: Name, type: number): Promise<Response> {
    const { zone, method, request } = call;
    const isThere = (content: Zone): boolean => content.get(name, type) !== undefined;
    if (method === 'DELETE') {
      const made = await this.#change(call, [deletion(name, type)], isThere);
      if (!made.existed) throw new Problem(404, 'Cannot find such records');
      return this.#done(call, made, { status: 204 });
    }
    const body = await jsonBody(request, this.#limits.maxBodyBytes);
    const subject = { zone: zone.snapshot, name, type };
    const changes = method === 'PUT' ? [putChange(body, subject)] : patchChanges(body, subject);
    const made = await this.#change(call, changes, isThere);
    const rrset = rrsetAfter(made, name, type);
    const status = method === 'PUT' && !made.existed ? 201 : 200;
    return this.#done(call, made, { status }, rrset && describe(rrset));
  }

  /** DELETE of all that a name has. */
  async deleteName(call: ZoneCall, name: Name): Promise<Response> {
    const isThere = (content: Zone): boolean =>
      (content.node(name.key)?.list ?? []).some((rrset) => !isSignerRecord(content, rrset));
    const made = await this.#change(call, [deletion(name, undefined)], isThere);
    if (made.changed === 0) throw new Problem(404, 'Cannot find such records');
    return this.#done(call, made, { status: 204 });
  }

  /** Several changes, all or none. */
  async batch(call: ZoneCall): Promise<Response> {
    const { changes } = await jsonBody(call.request, this.#limits.maxBodyBytes);
    if (!Array.isArray(changes) || changes.length === 0)
      throw new Problem(422, 'Cannot use the batch as it needs a list of changes');
    if (changes.length > this.#limits.maxChanges)
      throw new Problem(413, `Cannot make more than ${this.#limits.maxChanges} changes at once`);
    const read = changes.map((change: unknown, index) => {
      try {
        return readChange(change, call.zone.snapshot);
      } catch (error) {
        if (error instanceof Problem) throw new Problem(error.status, error.message, { index });
        throw error;
      }
    });
    const made = await this.#change(call, read, () => true);
    return this.#done(call, made, {}, { serial: made.serial, changed: made.changed });
  }

  /** `isThere` says whether what the path speaks of exists. */
  async #change(
    call: ZoneCall,
    changes: readonly RecordChange[],
    isThere: (content: Zone) => boolean,
  ): Promise<Made> {
    const { zone, token, request, context } = call;
    this.#checkWait(call);
    const terms = {
      ttl: this.#limits.ttl,
      now: context.reactor.clock.epoch(),
      mayUse: (name: Name, type: number) => token.mayUse(name, type),
    };
    const deciding = zone.transact(function* (before) {
      const existed = isThere(before);
      checkPreconditions(request, before, existed);
      const decision = yield* decide(before, changes, terms);
      const result: Decided = { existed, before, edits: decision.edits };
      return { ...decision, result };
    });
    const { result, changeSet } = await deciding.catch((error: unknown) => {
      throw withCurrentTag(error, zone.snapshot);
    });
    const serial = changeSet?.to ?? zone.snapshot.serial;
    // The start of authority is among the changes, and not one that anybody asked for.
    const changed = changeSet?.changes.filter(({ type }) => type !== Type.SOA).length ?? 0;
    return { serial, changed, ...result };
  }

  #checkWait({ url }: ZoneCall): void {
    const wait = url.searchParams.get('wait');
    if (wait === null) return;
    if (wait !== 'propagated') throw new Problem(400, 'Cannot wait for anything but "propagated"');
    if (this.#propagated === undefined)
      throw new Problem(400, 'Cannot wait for secondaries as it is not set up');
  }

  async #done(
    { zone, url }: ZoneCall,
    { serial }: Made,
    options: ReplyOptions,
    body?: unknown,
  ): Promise<Response> {
    if (url.searchParams.get('wait') === 'propagated') await this.#propagated?.(zone, serial);
    if (body === undefined)
      return new Response(null, { status: 204, headers: { etag: tagOf(serial) } });
    return jsonReply(body, { ...options, headers: { etag: tagOf(serial) } });
  }
}

/** What an RRset became, whatever others who were stored along have made of it. */
function rrsetAfter({ before, edits }: Decided, name: Name, type: number): RRset | undefined {
  const edit = edits.find((each) => each.type === type && each.name.equals(name));
  return edit === undefined ? before.get(name, type) : edit.rrset;
}
