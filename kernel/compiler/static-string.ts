/**
 * Text of a string literal in static data.
 * Source: AssemblyScript "Runtime: Memory layout": the object header ends at the pointer, its last u32 is the size in
 * bytes; characters are UTF-16 little-endian.
 */
import type { WasmModule } from './module-reader.js';

/** The bytes of static data at `address`; bytes that no segment carries read as zero. */
export function readStaticBytes(
  module: WasmModule,
  address: bigint,
  sizeBytes: number,
): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (const segment of module.data) {
    const start = Number(segment.offset - address);
    for (let at = Math.max(0, start); at < sizeBytes; at++) {
      const byte = segment.bytes[at - start];
      if (byte === undefined) break;
      bytes[at] = byte;
    }
  }
  return bytes;
}

/** The literal at `pointer`; undefined for a null pointer. */
export function readStaticString(module: WasmModule, pointer: bigint): string | undefined {
  if (pointer === 0n) return undefined;
  const header = readStaticBytes(module, pointer - 4n, 4);
  const sizeBytes = new DataView(header.buffer).getUint32(0, true);
  return new TextDecoder('utf-16le').decode(readStaticBytes(module, pointer, sizeBytes));
}
