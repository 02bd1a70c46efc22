// Server CPU per query over UDP: Hawser against a raw dgram echo (twice, to show the noise; the floor on this runtime), the servers
// of others from Debian, and dns2 from npm, which is fetched into a temporary folder: it is no dependency of the project. Driven by
// `dnsperf`. With names as arguments, only those beside the raw echo; `--quick` for a fifth of the time.
// Run: npm run example bench/dns.ts
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './compare.ts';
import { HOSTS, MANY_HOSTS } from './dns-names.ts';
import { dnsPeers } from './dns-peers.ts';
import { dnsperf } from './dnsperf-load.ts';
import { show } from './show.ts';

const quick = process.argv.includes('--quick');
const only = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const wanted = (name: string): boolean => only.length === 0 || only.includes(name);

const dns2Folder = join(tmpdir(), 'hawser-bench-peers');
const others = await dnsPeers(['PowerDNS', 'BIND', 'NSD', 'Knot', 'Twisted'].filter(wanted));
const ours = ['kept replies', 'new replies', 'DynamicZone', 'dynamic()'].filter(wanted);
const modes = ['raw', 'raw again', ...ours, ...Object.keys(others)];
if (wanted('dns2') && hasDns2()) modes.push('dns2');

const samples = await compare({
  script: './dns-server.ts',
  modes,
  args: [dns2Folder],
  others,
  load: (port, mode) => Promise.resolve(dnsperf(port, mode === 'new replies' ? MANY_HOSTS : HOSTS)),
  count: quick ? 20_000 : 100_000,
  rounds: quick ? 3 : 7,
  starts: quick ? 1 : 3,
});
show(samples, {
  title: `one A query over UDP by dnsperf, ${HOSTS} names (new replies: ${MANY_HOSTS})`,
  targets: { 'kept replies': 1.25, DynamicZone: 1.25, 'new replies': 1.8 },
});

function hasDns2(): boolean {
  mkdirSync(dns2Folder, { recursive: true });
  writeFileSync(join(dns2Folder, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', 'dns2@3.1.1'];
  const installed = spawnSync('npm', args, { cwd: dns2Folder }).status === 0;
  if (!installed) console.log('dns2 is left out: it could not be installed');
  return installed;
}
