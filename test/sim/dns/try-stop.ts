import type { Hosted } from './hosted.ts';
import type { Trial } from './trial.ts';

/** Until the first notice is given up. */
const UNHEARD_MS = 1_200;
/** Notices are repeated after one second, two, and four. */
const REPEATED_MS = 5_000;
/** From when a server says that it has stopped until nothing of it is left, its last reads of the disk included. */
export const GONE_MS = 100;

/** Servers are stopped while they wait for copies that do not answer: they leave nothing that waits. */
export async function tryStop(trial: Trial): Promise<void> {
  const { sim, random, watch, primary, copies, client } = trial;
  const servers: readonly Hosted[] = [primary, ...copies];
  const names = new Set(servers.map(({ host }) => host.name));
  const silence = sim.rule(({ from, to, protocol }) =>
    protocol === 'udp' && names.has(from) && names.has(to) ? 'drop' : undefined,
  );
  await sim.settled.until(() => client.changeOnceMore('primary'));
  await sim.settled.elapse(UNHEARD_MS + random.float() * REPEATED_MS);
  await sim.settled.until(() => Promise.all(servers.map((server) => server.stop())));
  await sim.settled.elapse(GONE_MS);
  for (const { host } of servers) watch.gone(host.name, sim.leaks());
  silence[Symbol.dispose]();
  watch.check();
}
