/**
 * The linker's symbols of the bundled kernel, which mark where its sections begin and end.
 * Source: System V ABI "Section Header", "Symbol Table"; 64-bit, little-endian.
 */
import { bundledKernel } from '../guests/test-machine.js';

const SECTION_TABLE_OFFSET = 0x28;
const SECTION_COUNT = 0x3c;
const SECTION_BYTES = 64;
const SHT_SYMTAB = 2;
const SYMBOL_BYTES = 24;

/** Address of a symbol. @throws when the file has none of that name */
export function kernelSymbol(name: string): bigint {
  const file = Buffer.from(bundledKernel());
  const table = Number(file.readBigUInt64LE(SECTION_TABLE_OFFSET));
  const section = (index: number): number => table + index * SECTION_BYTES;
  const offsetOf = (at: number): number => Number(file.readBigUInt64LE(at + 0x18));
  for (let index = 0; index < file.readUInt16LE(SECTION_COUNT); index++) {
    const at = section(index);
    if (file.readUInt32LE(at + 4) !== SHT_SYMTAB) continue;
    const names = offsetOf(section(file.readUInt32LE(at + 0x28)));
    const first = offsetOf(at);
    const end = first + Number(file.readBigUInt64LE(at + 0x20));
    for (let symbol = first; symbol < end; symbol += SYMBOL_BYTES) {
      const text = names + file.readUInt32LE(symbol);
      if (file.toString('latin1', text, file.indexOf(0, text)) === name) {
        return file.readBigUInt64LE(symbol + 8);
      }
    }
  }
  throw new Error(`the kernel has no symbol ${name}`);
}
