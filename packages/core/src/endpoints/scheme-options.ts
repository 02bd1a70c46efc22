/** Which option of an endpoint string belongs to which name of its scheme. */
import { badEndpoint } from './bad-endpoint.ts';
import { type EndpointText, unknownOption } from './endpoint-text.ts';

/** A name of the scheme with the options it knows. */
export interface OptionOwner {
  readonly name: string;
  readonly optionNames: readonly string[];
}

type Query = EndpointText['query'];

/**
 * Gives each owner its options. `proxy.trust` names its owner; a bare name belongs to the last owner, the carrier, if
 * that knows it, or else to the only one that does.
 * @throws UsageError `HAWSER_BAD_ENDPOINT` if nobody knows an option or it could be meant for several
 */
export function shareOptions(
  { text, query }: Pick<EndpointText, 'text' | 'query'>,
  owners: readonly OptionOwner[],
): readonly Query[] {
  const shares = owners.map((): [string, string][] => []);
  for (const [name, value] of query) {
    const dot = name.indexOf('.');
    const qualifier = dot > 0 ? name.slice(0, dot) : undefined;
    const bare = dot > 0 ? name.slice(dot + 1) : name;
    const candidates =
      qualifier === undefined ? bareOwners(bare, owners) : named(qualifier, owners);
    const [at, ...others] = candidates;
    if (at === undefined) throw nobody(text, name, { qualifier, owners });
    if (others.length > 0) throw several(text, name, { qualifier, owners, candidates });
    const owner = owners[at] as OptionOwner;
    // A carrier alone says itself what it does not know.
    if (owners.length > 1 && !owner.optionNames.includes(bare)) {
      throw unknownOption(
        text,
        name,
        owner.optionNames.map((each) => `${owner.name}.${each}`),
      );
    }
    shares[at]?.push([bare, value]);
  }
  return shares;
}

function named(qualifier: string, owners: readonly OptionOwner[]): number[] {
  return indices(owners, ({ name }) => name === qualifier);
}

function bareOwners(name: string, owners: readonly OptionOwner[]): number[] {
  const last = owners.length - 1;
  if (last === 0 || owners[last]?.optionNames.includes(name)) return [last];
  return indices(owners, ({ optionNames }) => optionNames.includes(name));
}

function indices(owners: readonly OptionOwner[], test: (owner: OptionOwner) => boolean): number[] {
  return owners.flatMap((owner, at) => (test(owner) ? [at] : []));
}

function nobody(
  text: string,
  name: string,
  { qualifier, owners }: { qualifier: string | undefined; owners: readonly OptionOwner[] },
): ReturnType<typeof badEndpoint> {
  if (qualifier !== undefined) {
    const scheme = owners.map((owner) => owner.name).join('+');
    return badEndpoint(text, `option "${name}" is for "${qualifier}", which is not in "${scheme}"`);
  }
  return unknownOption(
    text,
    name,
    owners.flatMap((owner, at) =>
      owner.optionNames.map((each) => (at === owners.length - 1 ? each : `${owner.name}.${each}`)),
    ),
  );
}

function several(
  text: string,
  name: string,
  parts: {
    qualifier: string | undefined;
    owners: readonly OptionOwner[];
    candidates: readonly number[];
  },
): ReturnType<typeof badEndpoint> {
  const { qualifier, owners, candidates } = parts;
  const names = candidates.map((at) => owners[at]?.name);
  const twice = qualifier ?? names.find((each, at) => names.indexOf(each) !== at);
  if (twice !== undefined) {
    return badEndpoint(text, `option "${name}" is ambiguous as "${twice}" stands twice`);
  }
  const choices = names.map((each) => `"${each}.${name}"`);
  return badEndpoint(text, `option "${name}" is ambiguous: write ${choices.join(' or ')}`);
}
