// Messages made to cost as much as their size allows.
import { build, opt, type RawRecord } from '../build.ts';

/** Where answers begin behind the question `example.net`. */
const START = 29;
/** Of a record with a pointer as its owner, besides its data. */
const RECORD = 12;

/** Well-formed and nearly well-formed messages of `size` octets at most, by what is bad about them. */
export function worstMessages(size: number): Record<string, Buffer> {
  const room = size - START;
  const many = (bytes: number, record: (index: number) => RawRecord): Buffer =>
    build({
      questions: [{}],
      answers: Array.from({ length: Math.floor(room / bytes) }, (_, index) => record(index)),
    });
  const path = Buffer.from(`/{dns}{${'.'.repeat(Math.min(64_000, size) - 100)}}`);
  const reach = Math.min(size >> 1, 0x3f00);
  return {
    'header, counts ffff': Buffer.from('123401000001ffffffffffff', 'hex'),
    'records of no data': many(RECORD, () => ({ name: pointer(12), type: 65280 })),
    'records of A': many(RECORD + 4, () => ({
      name: pointer(12),
      type: 1,
      rdata: Buffer.alloc(4),
    })),
    'own labels before a long name': long(size, (index) => ({
      name: Buffer.of(1, index, 0xc0, 12),
      type: 1,
      rdata: Buffer.alloc(4),
    })),
    'RP with names of their own': long(size, (index) => ({
      name: Buffer.of(1, index & 63, 0xc0, 12),
      type: 17,
      rdata: Buffer.of(1, index & 63, 0xc0, 12, 1, index >> 6, 0xc0, 12),
    })),
    'pointers into every label': labels(size, reach, (target) => ({
      name: pointer(target),
      type: 65280,
    })),
    'RP into every label': labels(size, reach, (target) => ({
      name: pointer(target),
      type: 17,
      rdata: Buffer.concat([pointer(target + 2), pointer(target + 4)]),
    })),
    'NAPTR into every label': labels(size, reach, (target) => ({
      name: pointer(target),
      type: 35,
      rdata: Buffer.concat([Buffer.alloc(7), pointer(target + 2)]),
    })),
    'pointer ladder in data, top down': ladder(
      size,
      reach,
      (index, top) => top - 2 * (index % (reach / 2)),
    ),
    'pointer ladder in data, at the top': ladder(size, reach, (_, top) => top),
    'pointer ladder in data, anywhere': ladder(
      size,
      reach,
      (index, top) => top - 2 * ((index * 7919) % (reach / 2)),
    ),
    'pointer ladder of owners': many(RECORD, (index) => ({
      name: pointer(Math.min(0x3ff0, index === 0 ? 12 : START + (index - 1) * RECORD)),
      type: 65280,
    })),
    'MINFO of roots': many(RECORD + 2, () => ({
      name: pointer(12),
      type: 14,
      rdata: Buffer.alloc(2),
    })),
    'MINFO with names of their own': many(RECORD + 13, (index) => ({
      name: own(3 * index),
      type: 14,
      rdata: Buffer.concat([own(3 * index + 1), own(3 * index + 2)]),
    })),
    'MX with owners of their own': many(RECORD + 7, (index) => ({
      name: own(index),
      type: 15,
      rdata: Buffer.of(0, 1, 0xc0, 12),
    })),
    'SVCB with owners of their own': many(RECORD + 6, (index) => ({
      name: own(index),
      type: 64,
      rdata: Buffer.of(0, 1, 0),
    })),
    'SVCB with many paths': many(RECORD + 13, () => ({
      name: pointer(12),
      type: 64,
      rdata: Buffer.concat([Buffer.of(0, 1, 0, 0, 7, 0, 6), Buffer.from('/{dns}')]),
    })),
    'SVCB of many keys': filled(size, 64, {
      start: Buffer.of(0, 1, 0),
      each: (index) => Buffer.of((index + 9) >> 8, index + 9, 0, 0),
    }),
    'SVCB of a long path': filled(size, 64, {
      start: Buffer.concat([Buffer.of(0, 1, 0, 0, 7), uint16(path.length), path]),
      each: () => Buffer.alloc(0),
    }),
    'TXT of strings of one octet': filled(size, 16, { each: () => Buffer.of(1, 97) }),
    'APL of many prefixes': filled(size, 42, { each: () => Buffer.of(0, 1, 0, 0) }),
    'HIP of many servers': filled(size, 55, {
      start: Buffer.alloc(4),
      each: () => Buffer.of(1, 97, 0),
    }),
    'TXT of many strings': many(RECORD + 200, () => ({
      name: pointer(12),
      type: 16,
      rdata: Buffer.alloc(200),
    })),
    'NSEC of many windows': many(RECORD + 400, () => ({
      name: pointer(12),
      type: 47,
      rdata: Buffer.concat([
        Buffer.alloc(1),
        ...Array.from({ length: 133 }, (_, index) => Buffer.of(index, 1, 1)),
      ]),
    })),
    'options without data': build({
      questions: [{}],
      additionals: [opt({ rdata: Buffer.alloc((room - 11) & ~3) })],
    }),
    'two OPT': build({
      questions: [{}],
      additionals: [opt(), opt({ rdata: Buffer.alloc((room - 22) & ~3) })],
    }),
    'updates of ANY': many(RECORD, () => ({ name: pointer(12), type: 255, class: 255 })),
  };
}

/** One record whose data is `start` and as many of `each` as there is room for. */
function filled(
  size: number,
  type: number,
  { start = Buffer.alloc(0), each }: { start?: Buffer; each: (index: number) => Buffer },
): Buffer {
  const parts = [start];
  let left = Math.min(65_000, size - START - RECORD) - start.length;
  for (let index = 0; ; index++) {
    const part = each(index);
    left -= part.length;
    if (left < 0 || part.length === 0) break;
    parts.push(part);
  }
  const rdata = Buffer.concat(parts);
  return build({ questions: [{}], answers: [{ name: pointer(12), type, rdata }] });
}

/** Asks for a name of 255 octets and 127 labels; records follow until `size` is reached. */
function long(size: number, record: (index: number) => RawRecord): Buffer {
  const name = Buffer.concat([
    ...Array.from({ length: 125 }, () => Buffer.of(1, 97)),
    Buffer.of(0),
  ]);
  const answers: RawRecord[] = [];
  let left = size - 12 - name.length - 4;
  for (let index = 0; left > 0; index++) {
    const each = record(index & 0xfff);
    left -= (each.name?.length ?? 0) + 10 + (each.rdata?.length ?? 0);
    if (left >= 0) answers.push(each);
  }
  return build({ questions: [{ name }], answers });
}

/** Names of 127 labels fill `reach` octets of data; every record points at another of the labels. */
function labels(size: number, reach: number, record: (target: number) => RawRecord): Buffer {
  const names = Math.floor(reach / 255);
  const one = Buffer.concat([
    ...Array.from({ length: 127 }, (_, index) => Buffer.of(1, index)),
    Buffer.of(0),
  ]);
  const first = START + RECORD;
  const answers: RawRecord[] = [
    { name: pointer(12), type: 10, rdata: Buffer.concat(Array.from({ length: names }, () => one)) },
  ];
  let left = size - first - names * 255;
  for (let index = 0; ; index++) {
    const label = index % (names * 125);
    const target = first + Math.floor(label / 125) * 255 + (label % 125) * 2;
    const each = record(target);
    left -= (each.name?.length ?? 0) + 10 + (each.rdata?.length ?? 0);
    if (left < 0) break;
    answers.push(each);
  }
  return build({ questions: [{}], answers });
}

/** Opaque data full of pointers, each to the one before; every record points into it. */
function ladder(size: number, reach: number, at: (index: number, top: number) => number): Buffer {
  const first = START + RECORD;
  const rungs = Buffer.alloc(reach & ~1);
  for (let rung = 0; rung < rungs.length; rung += 2) {
    rungs.writeUInt16BE(0xc000 | (rung === 0 ? 12 : first + rung - 2), rung);
  }
  const top = first + rungs.length - 2;
  const count = Math.floor((size - first - rungs.length) / RECORD);
  const answers = Array.from({ length: count }, (_, index) => ({
    name: pointer(at(index, top)),
    type: 65280,
  }));
  return build({
    questions: [{}],
    answers: [{ name: pointer(12), type: 10, rdata: rungs }, ...answers],
  });
}

function pointer(target: number): Buffer {
  return Buffer.of(0xc0 | (target >> 8), target & 0xff);
}

/** A label of its own before the name asked for. */
function own(index: number): Buffer {
  return Buffer.of(2, index & 0xff, index >> 8, 0xc0, 12);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
