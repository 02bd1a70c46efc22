/** A connection that may be asked to make room. */
export interface CrowdMember {
  /** True while nothing is asked and nothing is being answered. */
  readonly idle: boolean;
  leave(): void;
}

/** Connections looked at for one that is idle: under load most are not, and looking must stay cheap. */
const LOOKED_AT = 32;

/** Open connections, the one that was busy the longest ago first. */
export class ConnectionCrowd {
  readonly #members = new Set<CrowdMember>();
  readonly #comfortable: number;

  /** With more than `comfortable` of them, each new one makes an idle one leave. */
  constructor(comfortable: number) {
    this.#comfortable = comfortable;
  }

  get size(): number {
    return this.#members.size;
  }

  join(member: CrowdMember): void {
    if (this.#members.size >= this.#comfortable) this.#makeRoom();
    this.#members.add(member);
  }

  /** `member` was busy just now. */
  touch(member: CrowdMember): void {
    if (this.#members.delete(member)) this.#members.add(member);
  }

  left(member: CrowdMember): void {
    this.#members.delete(member);
  }

  #makeRoom(): void {
    let looked = 0;
    for (const member of this.#members) {
      if (looked++ >= LOOKED_AT) return;
      this.#members.delete(member);
      if (!member.idle) {
        // To the end, or so many that send half a message would hide everybody behind them.
        this.#members.add(member);
        continue;
      }
      member.leave();
      return;
    }
  }
}
