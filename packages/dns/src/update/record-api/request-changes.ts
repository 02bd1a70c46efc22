// What PUT, PATCH and DELETE of an RRset mean as changes.
import type { Name } from '../../name.ts';
import type { Zone } from '../../zone/zone.ts';
import { Problem } from './problem.ts';
import { type RecordChange, readChange } from './record-changes.ts';

/** The RRset that a request is about. */
export interface Subject {
  readonly zone: Zone;
  readonly name: Name;
  readonly type: number;
}

type Body = Readonly<Record<string, unknown>>;

/** What a body with `values` makes of an RRset: all there is. Throws Problem. */
export function putChange(body: Body, subject: Subject): RecordChange {
  const change = { ...body, ...spoken(body, subject), operation: 'set' };
  return readChange(change, subject.zone);
}

/**
 * What a body with `add` and `remove` makes of it. Removals first: a value may take the place of another where there may be
 * only one. Throws Problem.
 */
export function patchChanges(body: Body, subject: Subject): RecordChange[] {
  const { add, remove, ttl, leaseSeconds, ...rest } = body;
  if (add === undefined && remove === undefined)
    throw new Problem(422, 'Cannot use the change as it has neither add nor remove');
  if ('values' in rest)
    throw new Problem(422, 'Cannot use "values" to add or remove: PUT is for all of them');
  const common = { ...rest, ...spoken(rest, subject) };
  const changes: RecordChange[] = [];
  if (remove !== undefined) {
    const change = { ...common, operation: 'remove', values: remove };
    changes.push(readChange(change, subject.zone));
  }
  if (add !== undefined) {
    const change = { ...common, operation: 'add', values: add, ttl, leaseSeconds };
    changes.push(readChange(change, subject.zone));
  }
  return changes;
}

/** Deletes an RRset, or with `type` undefined all of the name. */
export function deletion(name: Name, type: number | undefined): RecordChange {
  return { operation: 'delete', name, type, ttl: undefined, records: [], leaseSeconds: undefined };
}

/** The path says of what the body speaks. */
function spoken(body: Body, { name, type }: Subject): { name: string; type: string } {
  for (const member of ['operation', 'name', 'type']) {
    if (member in body)
      throw new Problem(422, `Cannot use "${member}" here as the request says it`);
  }
  return { name: name.isRoot ? '.' : `${name}.`, type: `TYPE${type}` };
}
