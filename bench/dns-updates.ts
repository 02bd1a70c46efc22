// How many updates (RFC 2136) a second, over one TCP connection with so many of them under way: those that come together share a
// commit, which is on the disk before any of them is answered. Beside it the same without a disk. `--quick` for a fifth of the time.
// Run: npm run example bench/dns-updates.ts
import { compare } from './compare.ts';
import { show } from './show.ts';
import { updateLoad } from './update-load.ts';

const quick = process.argv.includes('--quick');
const IN_FLIGHT = [1, 8, 64, 256];

for (const inFlight of IN_FLIGHT) {
  const count = (quick ? 20 : 100) * Math.max(4, Math.min(inFlight, 64));
  const samples = await compare({
    script: './dns-updates-server.ts',
    modes: ['sqlite', 'memory'],
    load: (port) => updateLoad(port, inFlight),
    count,
    rounds: quick ? 3 : 7,
    starts: quick ? 1 : 3,
  });
  show(samples, { title: `UPDATE of one A record, ${inFlight} under way`, rate: 'updates/s' });
}
