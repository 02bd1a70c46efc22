/** A connection that may be asked to make room. */
export interface CrowdMember {
  /**
   * `idle`: nothing is asked and nothing is being answered. `halfway`: the peer is in the middle of a message, or of taking an
   * answer, and we can do nothing but wait for it. `busy`: we are at work for it.
   */
  readonly state: 'idle' | 'halfway' | 'busy';
  leave(): void;
}

/** Connections looked at for one that is idle: under load most are not, and looking must stay cheap. */
const LOOKED_AT = 32;

/** Open connections, the one that was busy the longest ago first. */
export class ConnectionCrowd {
  readonly #members = new Set<CrowdMember>();
  readonly #comfortable: number;

  /** With more than `comfortable` of them, each new one makes one leave that does nothing, or nothing whole. */
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
    const looked: CrowdMember[] = [];
    let leaving: CrowdMember | undefined;
    for (const member of this.#members) {
      if (member.state === 'idle') {
        leaving = member;
        break;
      }
      looked.push(member);
      if (looked.length >= LOOKED_AT) break;
    }
    // Whoever keeps many places with half a message in each must not have them all.
    leaving ??= looked.find(({ state }) => state === 'halfway');
    // To the end, or so many that are busy would hide everybody behind them.
    for (const member of looked) this.touch(member);
    if (leaving === undefined) return;
    this.#members.delete(leaving);
    leaving.leave();
  }
}
