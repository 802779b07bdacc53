import { CommonsError, concatBytes, displayHash, doubleSha256, type HashHex } from "../base/mod.ts";
import { CompactReader } from "./compact_reader.ts";
import { MAX_STRIPPED_BYTES, WITNESS_SCALE } from "./limits.ts";
import type { Transaction, TransactionInput, TransactionOutput } from "./transaction_types.ts";

/** Least bytes of an input: outpoint, empty script, sequence. */
const MIN_INPUT = 41;
/** Least bytes of an output: amount, empty script. */
const MIN_OUTPUT = 9;
const MAX_INPUTS = Math.floor(MAX_STRIPPED_BYTES / MIN_INPUT);
const MAX_OUTPUTS = Math.floor(MAX_STRIPPED_BYTES / MIN_OUTPUT);
const NO_TXID = "0".repeat(64);
const NO_WITNESS: readonly Uint8Array[] = Object.freeze([]);
/** One for all empty items: nothing can be changed in it. */
const NO_BYTES = new Uint8Array(0);

/** Reads the transaction that begins where `reader` stands. For errors see `parseTransaction`. */
export function readTransaction(reader: CompactReader): Transaction {
  const start = reader.offset;
  const version = reader.uint32();
  const marked = readMarker(reader);
  const bodyStart = reader.offset;
  const bare = readInputs(reader);
  const outputs = readOutputs(reader);
  const body = reader.since(bodyStart);
  const inputs = marked ? readWitnesses(reader, bare) : bare;
  const lockTime = reader.uint32();
  const raw = reader.since(start);
  return new ReadTransaction({ version, inputs, outputs, lockTime, raw, body: marked ? body : undefined });
}

/** True when witnesses will follow. */
function readMarker(reader: CompactReader): boolean {
  if (reader.peek() !== 0) return false;
  reader.skip(1);
  const flag = reader.uint8();
  if (flag === 1) return true;
  throw new CommonsError(
    "BAD_WITNESS_FLAG",
    `Cannot read a transaction: no inputs, or a witness flag of ${flag}`,
  );
}

function readInputs(reader: CompactReader): TransactionInput[] {
  const count = reader.count(MIN_INPUT, MAX_INPUTS);
  if (count === 0) throw new CommonsError("NO_INPUTS", "Cannot read a transaction: it has no inputs");
  const inputs: TransactionInput[] = [];
  for (let i = 0; i < count; i++) {
    inputs.push({
      txid: displayHash(reader.take(32)),
      index: reader.uint32(),
      scriptSig: reader.varBytes(),
      sequence: reader.uint32(),
      witness: NO_WITNESS,
    });
  }
  return inputs;
}

function readOutputs(reader: CompactReader): TransactionOutput[] {
  const count = reader.count(MIN_OUTPUT, MAX_OUTPUTS);
  const outputs: TransactionOutput[] = [];
  for (let i = 0; i < count; i++) outputs.push({ sats: reader.uint64(), scriptPubKey: reader.varBytes() });
  return outputs;
}

function readWitnesses(reader: CompactReader, bare: readonly TransactionInput[]): TransactionInput[] {
  const start = reader.offset;
  const inputs = bare.map((input) => readWitness(reader, input));
  if (reader.offset - start > inputs.length) return inputs;
  throw new CommonsError("SUPERFLUOUS_WITNESS", "Cannot read a transaction: marked witnesses are all empty");
}

/**
 * Passes over the witness of one input, and keeps where it is: four million empty items are four million bytes, but a
 * thousand times as much in memory once each is an object.
 */
function readWitness(reader: CompactReader, input: TransactionInput): TransactionInput {
  const count = reader.count(1);
  if (count === 0) return input;
  const start = reader.offset;
  for (let i = 0; i < count; i++) reader.skip(reader.count(1));
  const bytes = reader.since(start);
  let items: readonly Uint8Array[] | undefined;
  return {
    txid: input.txid,
    index: input.index,
    scriptSig: input.scriptSig,
    sequence: input.sequence,
    get witness() {
      return items ??= splitWitness(bytes);
    },
  };
}

function splitWitness(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new CompactReader(bytes, { what: "a witness" });
  const items: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const item = reader.varBytes();
    items.push(item.length === 0 ? NO_BYTES : item);
  }
  return items;
}

interface Layout {
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
  readonly raw: Uint8Array;
  /** Inputs and outputs as they are in `raw`, when that holds witnesses too. */
  readonly body: Uint8Array | undefined;
}

class ReadTransaction implements Transaction {
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
  readonly raw: Uint8Array;
  readonly strippedSize: number;
  readonly #body: Uint8Array | undefined;
  #hash: Uint8Array | undefined;
  #witnessHash: Uint8Array | undefined;

  constructor({ version, inputs, outputs, lockTime, raw, body }: Layout) {
    this.version = version;
    this.inputs = inputs;
    this.outputs = outputs;
    this.lockTime = lockTime;
    this.raw = raw;
    this.#body = body;
    this.strippedSize = body === undefined ? raw.length : body.length + 8; // version and lock time
  }

  get hash(): Uint8Array {
    return this.#hash ??= this.#body === undefined
      ? this.witnessHash
      : doubleSha256(this.#stripped(this.#body));
  }

  get witnessHash(): Uint8Array {
    return this.#witnessHash ??= doubleSha256(this.raw);
  }

  get txid(): HashHex {
    return displayHash(this.hash);
  }

  get wtxid(): HashHex {
    return displayHash(this.witnessHash);
  }

  get isCoinbase(): boolean {
    const [input] = this.inputs;
    return this.inputs.length === 1 && input?.index === 0xffff_ffff && input.txid === NO_TXID;
  }

  get hasWitness(): boolean {
    return this.#body !== undefined;
  }

  get size(): number {
    return this.raw.length;
  }

  get weight(): number {
    return this.strippedSize * (WITNESS_SCALE - 1) + this.size;
  }

  get vsize(): number {
    return Math.ceil(this.weight / WITNESS_SCALE);
  }

  #stripped(body: Uint8Array): Uint8Array {
    return concatBytes([this.raw.subarray(0, 4), body, this.raw.subarray(-4)]);
  }
}
