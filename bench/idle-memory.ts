// Memory of 10,000 connections that wait: raw `node:net`, the same through a Protocol, and with an admission layer and an
// idle timeout. Each server is a process of its own, the clients are another.
// Run: npm run example bench/idle-memory.ts (needs `ulimit -n` of 11,000 or more)
import { measureMemory, showMemory } from './measure-memory.ts';

const samples = await measureMemory({
  script: './idle-memory-server.ts',
  modes: ['raw', 'raw again', 'protocol', 'layers', 'streaming'],
  message: 'hello',
});
showMemory(samples, { title: '10,000 idle connections' });
