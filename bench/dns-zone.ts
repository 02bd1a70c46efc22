// What does a large zone take: time until a server that is started with its zone file answers, and memory then? Hawser against
// servers from Debian. Its argument is how many names the zone has.
// Run: npm run example bench/dns-zone.ts 1000000
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZONE, zoneText } from './dns-names.ts';
import { dnsPeers, freePort, type PeerServer, startServer } from './dns-peers.ts';
import { processTreeMemory } from './process-cpu.ts';

const names = Number(process.argv[2] ?? 1_000_000);
const SCRIPT = fileURLToPath(new URL('./dns-zone-server.mjs', import.meta.url));

console.log(`\na zone of ${names} names with an address each; ${process.version}`);
console.log(row('', 'until it answers', 'CPU until then', 'memory', 'for each name'));
await measure('Hawser', startHawser);
for (const [name, start] of Object.entries(await dnsPeers(['BIND', 'NSD', 'Knot'], names))) {
  await measure(name, start);
}

async function measure(name: string, start: () => Promise<PeerServer>): Promise<void> {
  const server = await start();
  const seconds = server.readyMs / 1000;
  const cpu = (await server.cpu()) / 1e6;
  const memory = processTreeMemory(server.pid);
  await server.stop();
  console.log(
    row(
      name,
      `${seconds.toFixed(1)} s`,
      `${cpu.toFixed(1)} s`,
      `${(memory / 2 ** 20).toFixed(0)} MiB`,
      `${(memory / names).toFixed(0)} octets`,
    ),
  );
}

async function startHawser(): Promise<PeerServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-bench-dns-zone-'));
  const file = join(folder, `${ZONE}.zone`);
  writeFileSync(file, zoneText(names));
  const port = await freePort();
  return startServer({
    folder,
    port,
    command: process.execPath,
    args: [SCRIPT, ZONE, file, String(port)],
    output: 'inherit',
  });
}

function row(...[name = '', ...cells]: readonly string[]): string {
  return `  ${name.padEnd(12)}${cells.map((cell) => cell.padStart(18)).join('')}`;
}
