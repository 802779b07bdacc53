import { crc32 } from "node:zlib";
import type { HeaderTable } from "./header_table.ts";
import { RECORD_WORDS } from "./record.ts";

/** Headers of one chunk: with parents and head 64,528 bytes, below the store's 64 KiB. */
export const CHUNK_HEADERS = 768;

const HEAD_BYTES = 16;
const RECORD_BYTES = RECORD_WORDS * 4;
/** "CHL1" */
const MAGIC = 0x314c4843;

/**
 * Slots `first` up to `end` (exclusive) as bytes: magic, number of the first slot, count and CRC-32 of the rest as
 * little-endian words; then the records, then the slots of the parents.
 */
export function encodeChunk(table: HeaderTable, { first, end }: { first: number; end: number }) {
  const count = end - first;
  const bytes = new Uint8Array(HEAD_BYTES + count * (RECORD_BYTES + 4));
  const view = new DataView(bytes.buffer);
  const parents = HEAD_BYTES + count * RECORD_BYTES;
  for (let i = 0; i < count; i++) {
    bytes.set(table.record(first + i), HEAD_BYTES + i * RECORD_BYTES);
    view.setUint32(parents + i * 4, table.parent(first + i), true);
  }
  [MAGIC, first, count, crc32(bytes.subarray(HEAD_BYTES))].forEach((word, i) =>
    view.setUint32(i * 4, word, true)
  );
  return bytes;
}

/**
 * Puts a chunk behind the table's end, heights too. Answers how many headers it had, or `undefined` when the value is
 * not the whole and sound chunk that belongs there; the table is then as before.
 */
export function decodeChunk(table: HeaderTable, value: unknown, baseHeight: number): number | undefined {
  const first = table.length;
  if (!(value instanceof Uint8Array) || value.length < HEAD_BYTES) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const count = view.getUint32(8, true);
  const parents = HEAD_BYTES + count * RECORD_BYTES;
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== first) return undefined;
  if (count === 0 || count > CHUNK_HEADERS || value.length !== parents + count * 4) return undefined;
  if (crc32(value.subarray(HEAD_BYTES)) !== view.getUint32(12, true)) return undefined;
  for (let i = 0; i < count; i++) {
    const slot = first + i;
    const parent = view.getUint32(parents + i * 4, true);
    if (slot === 0) table.link(0, { parent: 0, height: baseHeight });
    else if (parent >= slot) return undefined;
    else table.link(slot, { parent, height: table.height(parent) + 1 });
  }
  putRecords(table, value.subarray(HEAD_BYTES, parents));
  table.length = first + count;
  return count;
}

/** Copies records behind the table's end, in as few pieces as its segments allow. */
function putRecords(table: HeaderTable, records: Uint8Array): void {
  let slot = table.length;
  for (let done = 0; done < records.length;) {
    const segment = table.segment(slot);
    const start = table.at(slot) * 4;
    const part = records.subarray(done, done + segment.bytes.length - start);
    segment.bytes.set(part, start);
    done += part.length;
    slot += part.length / RECORD_BYTES;
  }
}
