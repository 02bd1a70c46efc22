/**
 * Positions from a GPS receiver (NMEA 0183), from a file, a serial device or a port where receivers call in.
 *
 *     npm run example examples/nmea.ts track.nmea
 *     npm run example examples/nmea.ts tcp://127.0.0.1:10110
 *     nc -N 127.0.0.1 10110 < track.nmea
 */
import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { BaseProtocol, LineDecoder, type Reactor, run, type Service, serve } from '@hawser/core';

interface Fix {
  /** Seconds since midnight, UTC. */
  readonly time: number;
  /** Degrees; south and west are below 0. */
  readonly latitude: number;
  readonly longitude: number;
}

/** Sentences in, events out. Where the bytes come from is somebody else's business. */
class Nmea {
  /** 82 with `$` and CRLF (NMEA 0183); some receivers say more. */
  readonly #lines = new LineDecoder({ maxBytes: 256 });
  readonly #onFix: (fix: Fix) => void;

  constructor(onFix: (fix: Fix) => void) {
    this.#onFix = onFix;
  }

  push(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      const fix = parseFix(line.toString('latin1'));
      if (fix) this.#onFix(fix);
    }
  }
}

/** The position of a `$xxGGA` sentence whose checksum is right. */
function parseFix(line: string): Fix | undefined {
  const [, body = '', sum = ''] = /^\$([^*]+)\*([0-9A-F]{2})$/i.exec(line) ?? [];
  const xor = Buffer.from(body, 'latin1').reduce((total, byte) => total ^ byte, 0);
  if (xor !== Number.parseInt(sum, 16)) return undefined;
  const [kind = '', time = '', lat = '', ns, lon = '', ew, quality] = body.split(',');
  if (!kind.endsWith('GGA') || quality === '0') return undefined;
  const [, h, m, s] = /^(\d\d)(\d\d)([\d.]+)$/.exec(time) ?? [];
  return {
    time: Number(h) * 3600 + Number(m) * 60 + Number(s),
    latitude: degrees(lat) * (ns === 'S' ? -1 : 1),
    longitude: degrees(lon) * (ew === 'W' ? -1 : 1),
  };
}

/** `4807.038` is 48 degrees and 7.038 minutes. */
function degrees(text: string): number {
  const whole = Math.floor(Number(text) / 100);
  return whole + (Number(text) - whole * 100) / 60;
}

class Receiver extends BaseProtocol {
  readonly #nmea = new Nmea(print);

  dataReceived(data: Buffer): void {
    this.#nmea.push(data);
  }
}

/** Reads a file, or a device that looks like one, and stops the process at its end. */
function readFile(path: string): Service {
  const nmea = new Nmea(print);
  let stream: ReadStream | undefined;
  return {
    name: path,
    async start({ lifecycle, reports }: Reactor) {
      stream = createReadStream(path);
      await once(stream, 'open');
      stream.on('data', (data) => nmea.push(data as Buffer));
      stream.on('error', (error) => reports.problem(path, error));
      stream.on('close', () => lifecycle.requestStop());
    },
    async stop() {
      stream?.destroy();
    },
  };
}

function print({ time, latitude, longitude }: Fix): void {
  console.log(`${time} s: ${latitude.toFixed(5)}, ${longitude.toFixed(5)}`);
}

const [from = 'tcp://127.0.0.1:10110'] = process.argv.slice(2);
const nmea = { name: 'nmea', buildProtocol: () => new Receiver() };
await run(from.includes('://') ? serve(from, nmea) : readFile(from));
