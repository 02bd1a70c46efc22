import { expect, test } from 'vitest';
import { type KeyChange, KeyKeeper } from '../../src/dnssec/key-keeper.ts';
import { firstKeys, withSuccessors } from '../../src/dnssec/new-keys.ts';
import { Name } from '../../src/name.ts';
import { memory } from '../../src/store/memory-store.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';

/** What one process has of the keys of a zone. */
function keeperOf(store: ZoneStore, origin = 'example.net') {
  const followed: KeyChange[] = [];
  let now = 0;
  const place = { origin: Name.parse(origin), bucket: store.bucket('dnssec'), now: () => now };
  const keeper = new KeyKeeper(place, async (change) => void followed.push(change));
  return { keeper, followed, pass: (ms: number) => void (now += ms) };
}

const first = () => ({ keys: firstKeys({}, 0) });

test('two who begin at the same time have the same keys', async () => {
  const store = memory();
  const [one, other] = [keeperOf(store), keeperOf(store)];
  await Promise.all([one.keeper.open(first), other.keeper.open(first)]);
  const tags = [one, other].map(({ keeper }) => keeper.book.keys.map(({ key }) => key.tag));
  expect(tags[0]).toHaveLength(1);
  expect(tags[1]).toEqual(tags[0]);
});

test('a step that somebody else was faster with is decided again, on what he stored', async () => {
  const store = memory();
  const [one, other] = [keeperOf(store), keeperOf(store)];
  await one.keeper.open(first);
  await other.keeper.open(first);
  const roll = (book: ReturnType<typeof first>) => withSuccessors(book, {}, 0);
  const outcomes = await Promise.allSettled([one.keeper.change(roll), other.keeper.change(roll)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const books = await Promise.all(
    [one, other].map(async ({ keeper }) => {
      await keeper.refresh();
      return keeper.book.keys.map(({ key, state }) => `${key.tag} ${state}`);
    }),
  );
  expect(books[0]).toHaveLength(2);
  expect(books[1]).toEqual(books[0]);
  expect(one.followed.length + other.followed.length).toBe(1);
});

test('keys that change all the time are left alone in the end', async () => {
  const store = memory();
  const { keeper } = keeperOf(store);
  await keeper.open(first);
  const bucket = store.bucket('dnssec');
  let changes = 0;
  const changing = keeper.change((book) => {
    void bucket.put('example.net', Buffer.from(`{"version":1,"keys":[],"n":${changes++}}`));
    return { ...book };
  });
  await expect(changing).rejects.toMatchObject({ code: 'HAWSER_STORE_CONFLICT' });
  expect(changes).toBe(10);
});

test('what is stored is read again when it may be old', async () => {
  const store = memory();
  const [one, other] = [keeperOf(store), keeperOf(store)];
  await one.keeper.open(first);
  await other.keeper.open(first);
  await one.keeper.change((book) => withSuccessors(book, {}, 0));
  other.pass(60_000);
  expect(await other.keeper.refresh(60_000)).toBe(true);
  expect(other.keeper.book.keys).toHaveLength(1);
  other.pass(1);
  await other.keeper.refresh(60_000);
  expect(other.keeper.book.keys).toHaveLength(2);
});

test('zones that keep their keys in one place do not share them', async () => {
  const store = memory();
  const [one, other] = [keeperOf(store), keeperOf(store, 'example.org')];
  await one.keeper.open(first);
  await other.keeper.open(first);
  expect(one.keeper.book.keys[0]?.key.tag).not.toBe(other.keeper.book.keys[0]?.key.tag);
});
