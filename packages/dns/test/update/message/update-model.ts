// RFC 2136 as simply as it can be said: a list of records and one line of text each. Only for valid messages.

/** `name ttl type data`, everything in lower case. */
export interface ModelRecord {
  readonly name: string;
  readonly type: string;
  readonly data: string;
  ttl: number;
}

/** What a zone becomes by an update, or the response code that stands against it. */
export function modelUpdate(
  zone: readonly ModelRecord[],
  update: { readonly prerequisites: readonly string[]; readonly changes: readonly string[] },
): { readonly rcode: string; readonly zone: readonly ModelRecord[] } {
  const failed = prerequisiteCode(zone, update.prerequisites);
  if (failed !== undefined) return { rcode: failed, zone };
  let records = zone.map((record) => ({ ...record }));
  for (const line of update.changes) {
    const [verb, name = '', ...rest] = line.split(' ');
    records = verb === 'add' ? added(records, name, rest) : deleted(records, name, rest);
  }
  return { rcode: 'NoError', zone: records };
}

function prerequisiteCode(
  zone: readonly ModelRecord[],
  lines: readonly string[],
): string | undefined {
  const sets = new Map<string, string[]>();
  for (const line of lines) {
    const [verb, name = '', type = '', ...data] = line.split(' ');
    const named = zone.filter((record) => record.name === name);
    const typed = named.filter((record) => record.type === type);
    if (verb === 'yxdomain' && named.length === 0) return 'NXDomain';
    if (verb === 'nxdomain' && named.length > 0) return 'YXDomain';
    if (verb === 'nxrrset' && typed.length > 0) return 'YXRRSet';
    if (verb === 'yxrrset' && data.length === 0 && typed.length === 0) return 'NXRRSet';
    if (verb === 'yxrrset' && data.length > 0) {
      const id = `${name} ${type}`;
      sets.set(id, [...(sets.get(id) ?? []), data.join(' ')]);
    }
  }
  for (const [id, wanted] of sets) {
    const held = zone.filter(({ name, type }) => `${name} ${type}` === id).map(({ data }) => data);
    if ([...new Set(wanted)].sort().join('|') !== held.sort().join('|')) return 'NXRRSet';
  }
  return undefined;
}

function added(
  records: ModelRecord[],
  name: string,
  [seconds, type = '', ...rest]: string[],
): ModelRecord[] {
  const ttl = Number(seconds);
  const data = rest.join(' ');
  const named = records.filter((record) => record.name === name);
  if (type === 'CNAME' && named.some((record) => record.type !== 'CNAME')) return records;
  if (type !== 'CNAME' && named.some((record) => record.type === 'CNAME')) return records;
  const kept = records.filter((record) => {
    if (record.name !== name || record.type !== type) return true;
    return type !== 'CNAME' && record.data !== data;
  });
  for (const record of kept) if (record.name === name && record.type === type) record.ttl = ttl;
  return [...kept, { name, type, data, ttl }];
}

function deleted(records: ModelRecord[], name: string, [type, ...rest]: string[]): ModelRecord[] {
  const data = rest.join(' ');
  const servers = records.filter((record) => record.name === '@' && record.type === 'NS');
  return records.filter((record) => {
    if (record.name !== name) return true;
    if (type !== undefined && record.type !== type) return true;
    if (data !== '' && record.data !== data) return true;
    if (record.name !== '@' || record.type !== 'NS') return false;
    // The servers of the zone go one by one, and the last one stays.
    return data === '' || servers.length === 1;
  });
}
