// The part of dns-packet that is used: codecs of single RDATA, which read and write a length before the data.
declare module 'dns-packet' {
  interface RdataCodec<T> {
    encode(value: T): Buffer;
    decode(bytes: Buffer, offset?: number): T;
  }
  interface Caa {
    flags?: number;
    tag: string;
    value: string;
    issuerCritical?: boolean;
  }
  export const txt: RdataCodec<Buffer[]>;
  export const caa: RdataCodec<Caa>;
}
