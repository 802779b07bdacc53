import { CommonsError } from "../base/mod.ts";
import { addressText, IPV4_OFFSET, isPublic } from "./address.ts";
import { BanIndex, entryOf, type HeldBan } from "./ban_index.ts";
import { BanLedger } from "./ban_ledger.ts";
import { BanTelemetry, MISBEHAVIOUR } from "./ban_telemetry.ts";
import { assertRoom, isAmong, keepsBefore, moduleTarget } from "./module_bans.ts";
import { directAddress, multiaddrParts } from "./multiaddr.ts";
import { type Offence, offenceOf } from "./offences.ts";
import { peerOfCid } from "./peer_text.ts";
import { cleanReason } from "./record.ts";
import { Scores } from "./scores.ts";
import { type BanTarget, networkTarget, parseBanTarget, tryBanTarget } from "./target.ts";
import { banEnd } from "./terms.ts";
import type {
  BanComponents,
  BanEntry,
  BanInit,
  BanOptions,
  BanService,
  BanSource,
  ModuleBanOptions,
  OffenceContext,
  PeerScore,
} from "./types.ts";

const SWEEP_MS = 60_000;
const OPERATOR_REASON = "banned by the operator";
/** One client holds a whole /64 of IPv6 and a single address of IPv4. */
const CLIENT_BITS = { 4: IPV4_OFFSET + 32, 6: 64 } as const;

/**
 * Builds the ban service. Nothing is read or written before `start`; needs no permission of its own.
 * @throws {CommonsError} `INVALID_BAN_TARGET` for an entry of `allow`
 */
export function createBanService(components: BanComponents, init: BanInit): BanService {
  return new Service(components, init);
}

class Service implements BanService {
  readonly #components: BanComponents;
  readonly #init: BanInit;
  readonly #index: BanIndex;
  readonly #telemetry: BanTelemetry;
  readonly #ledger: BanLedger;
  readonly #scores: Scores;
  /** Points of all peers of one address together: who takes a new id before each offence has no score of its own. */
  readonly #addressScores: Scores;
  /** What is never banned automatically; the same look-up as for bans. */
  readonly #allowed: BanIndex;
  #sweep: Disposable | undefined;

  constructor(components: BanComponents, init: BanInit) {
    const { clock, metrics } = components;
    this.#components = components;
    this.#init = init;
    this.#index = new BanIndex(clock);
    this.#telemetry = new BanTelemetry({ ...components, index: this.#index });
    this.#ledger = new BanLedger(
      {
        ...components,
        index: this.#index,
        telemetry: this.#telemetry,
        onEnd: ({ text }) => this.#forget(text), // a new chance
      },
      { maxEntries: init.maxEntries },
    );
    this.#scores = new Scores(clock);
    this.#addressScores = new Scores(clock);
    this.#allowed = new BanIndex(clock);
    for (const text of init.allow ?? []) this.#allowed.set(allowedTarget(parseBanTarget(text)));
    metrics.collect(
      { name: "commons_ban_scored_peers", help: "Peers with a misbehaviour score above 0" },
      () => [[this.#scores.size]],
    );
  }

  async start(): Promise<void> {
    await this.#ledger.start();
    this.#sweep = this.#components.clock.every(SWEEP_MS, () => {
      this.#scores.sweep();
      this.#addressScores.sweep();
    });
  }

  async stop(): Promise<void> {
    this.#sweep?.[Symbol.dispose]();
    await this.#ledger.stop();
  }

  async ban(text: string, options: BanOptions = {}): Promise<BanEntry> {
    const target = parseBanTarget(text);
    const until = this.#end(options);
    const reason = cleanReason(options.reason ?? "") || OPERATOR_REASON;
    const { entry, written } = this.#put(target, { source: "operator", until, reason });
    await written;
    return entry;
  }

  async banFor(module: string, text: string, options: ModuleBanOptions = {}): Promise<BanEntry> {
    const { chosen = [], ...terms } = options;
    const target = moduleTarget(text);
    const until = this.#end(terms);
    if (this.#allowed.covering(target) !== undefined || isAmong(target, chosen)) {
      throw new CommonsError("BAN_NOT_ALLOWED", `Cannot ban ${target.text}: the operator wants this peer`);
    }
    const before = this.#index.live(target.text);
    if (before !== undefined && keepsBefore(before.record, until)) return entryOf(before);
    if (before?.record.source !== "module") assertRoom(this.#index, this.#init.maxEntries);
    const { entry, written } = this.#put(target, { source: "module", until, reason: `module ${module}` });
    await written;
    return entry;
  }

  async unban(text: string): Promise<boolean> {
    const target = parseBanTarget(text);
    this.#forget(target.text);
    const held = this.#index.get(target.text);
    if (held === undefined) return false;
    await this.#ledger.lift(held);
    return true;
  }

  async clear(): Promise<number> {
    this.#scores.clear();
    this.#addressScores.clear();
    return await this.#ledger.clear();
  }

  list(): readonly BanEntry[] {
    const now = this.#components.clock.monotonic();
    return [...this.#index.all()]
      .filter(({ deadline }) => deadline > now)
      .map(entryOf)
      .sort((a, b) => compare(a.kind, b.kind) || compare(a.target, b.target));
  }

  find(text: string): BanEntry | undefined {
    const target = tryBanTarget(text);
    const held = target && this.#index.covering(target);
    return held && entryOf(held);
  }

  isBannedPeer(peerId: string): boolean {
    return this.#hit(this.#index.ofPeer(peerId), "peer");
  }

  isBannedIp(address: string): boolean {
    return this.#hit(this.#index.ofAddress(address), "address");
  }

  isBannedMultiaddr(multiaddr: string): boolean {
    if (this.#index.size === 0) return false;
    const { addresses, peerIds } = multiaddrParts(multiaddr);
    return addresses.some((address) => this.isBannedIp(address)) ||
      peerIds.some((peerId) => this.isBannedPeer(peerId));
  }

  hasAddresses(): boolean {
    return this.#index.hasAddresses;
  }

  addScore(peerId: string, offence: string, context: OffenceContext = {}): PeerScore {
    const target = tryBanTarget(peerId);
    if (target?.kind !== "peer") return NOBODY;
    if (this.#index.ofPeer(target.text) === undefined) {
      const known = offenceOf(offence);
      const points = this.#scores.add(target.text, known);
      this.#telemetry.scored(known);
      const client = clientOf(context);
      const isWanted = this.#isWanted(target, context);
      if (points >= this.#init.threshold) this.#tooMany(target, { offence: known, client, isWanted });
      if (client !== undefined && !isWanted) this.#addAddressScore(client, known);
    }
    return this.score(target.text);
  }

  score(peerId: string): PeerScore {
    const { points, offences } = this.#scores.of(peerOfCid(peerId) ?? peerId);
    return { score: points, banned: this.#index.ofPeer(peerId) !== undefined, offences };
  }

  resetScore(peerId: string): void {
    this.#scores.reset(peerOfCid(peerId) ?? peerId);
  }

  onBan(listener: (entry: BanEntry) => void): Disposable {
    return this.#ledger.onBan(listener);
  }

  #hit(held: HeldBan | undefined, by: "peer" | "address"): boolean {
    if (held === undefined) return false;
    held.hits++;
    this.#telemetry.refused[by]++;
    return true;
  }

  #end(options: BanOptions): number | null {
    return banEnd(options, {
      now: this.#components.clock.now(),
      defaultMs: this.#init.defaultDurationMs,
    });
  }

  #put(
    target: BanTarget,
    ban: { source: BanSource; until: number | null; reason: string; address?: string },
  ) {
    return this.#ledger.put(target, { ...ban, created: this.#components.clock.now(), hits: 0 });
  }

  #forget(target: string): void {
    this.#scores.reset(target);
    this.#addressScores.reset(target);
  }

  #isWanted(target: BanTarget, context: OffenceContext): boolean {
    const address = directAddress(context.address ?? "");
    return context.trusted === true || this.#allowed.covering(target) !== undefined ||
      (address !== undefined && this.#allowed.ofAddress(addressText(address)) !== undefined);
  }

  /** A peer has reached the threshold: it is banned, unless the operator wants it. */
  #tooMany(
    target: BanTarget,
    { offence, client, isWanted }: {
      readonly offence: Offence;
      readonly client: BanTarget | undefined;
      readonly isWanted: boolean;
    },
  ): void {
    if (isWanted) {
      this.#scores.reset(target.text); // warned about once per threshold
      this.#components.logger.warn("a peer of the operator's choice misbehaves and is not banned", {
        peerId: target.text,
        offence,
      });
      return;
    }
    this.#banAutomatically(target, {
      reason: MISBEHAVIOUR + offence,
      ...(client === undefined ? {} : { address: client.text }),
    });
    if (client !== undefined) this.#banAddressOf(client);
  }

  /** Bans an address whose peers have together as many points as ban enough of them. */
  #addAddressScore(client: BanTarget, offence: Offence): void {
    const { banIpAfter = 0, threshold } = this.#init;
    if (banIpAfter === 0 || this.#index.covering(client) !== undefined) return;
    if (this.#addressScores.add(client.text, offence) < banIpAfter * threshold) return;
    this.#banAutomatically(client, { reason: "misbehaviour of many peers from there" });
  }

  /** Bans an address from which enough peers were banned. */
  #banAddressOf(client: BanTarget): void {
    const { banIpAfter = 0 } = this.#init;
    if (banIpAfter === 0 || this.#index.covering(client) !== undefined) return;
    let peers = 0;
    for (const { record } of this.#index.all()) if (record.address === client.text) peers++;
    if (peers >= banIpAfter) {
      this.#banAutomatically(client, { reason: `misbehaviour of ${peers} peers from there` });
    }
  }

  #banAutomatically(target: BanTarget, ban: { reason: string; address?: string }): void {
    try {
      const { written } = this.#put(target, { ...ban, source: "auto", until: this.#end({}) });
      this.#ledger.background(written);
    } catch (error) {
      this.#scores.reset(target.text);
      // full of operators' bans, which are worth more than this one; told once per threshold
      this.#components.logger.warn("a misbehaving peer could not be banned", { target: target.text, error });
    }
  }
}

const NOBODY: PeerScore = Object.freeze({ score: 0, banned: false, offences: [] });

/** The address of a direct connection over the public internet, as it is banned. */
function clientOf({ address: multiaddr = "" }: OffenceContext): BanTarget | undefined {
  const address = directAddress(multiaddr);
  return address && isPublic(address) ? networkTarget(address, CLIENT_BITS[address.family]) : undefined;
}

function allowedTarget(target: BanTarget): HeldBan {
  const record = { created: 0, until: null, reason: "", source: "operator", hits: 0 } as const;
  return { target, record, hits: 0, deadline: Infinity };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
