/**
 * A section of an ELF file by its name: what debugging information lies in.
 * Source: System V gABI "Sections", "String Table"; SHF_COMPRESSED of the same.
 */
import { ConfigurationError } from '../base/errors.js';
import { isElf, isElf32 } from './elf.js';

/** Places in header and section headers, of files of 32 and 64 bits. */
const LAYOUT_32 = { shoff: 32, shentsize: 46, flags: 8, offset: 16, size: 20 };
const LAYOUT_64 = { shoff: 40, shentsize: 58, flags: 8, offset: 24, size: 32 };
const SHF_COMPRESSED = 0x800;
/** Of a name, more than any file system allows. */
const TEXT_BYTES_MAX = 0x4000;

/** Its bytes; null where there is none of that name, or its headers are cut off. @throws ConfigurationError for one that is compressed */
export function elfSection(file: Uint8Array, name: string, path: string): Uint8Array | null {
  const is32 = isElf32(file);
  const layout = is32 ? LAYOUT_32 : LAYOUT_64;
  if (!isElf(file) || file.length < layout.shentsize + 6) return null;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number): number =>
    is32 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
  const [table, entryBytes] = [word(layout.shoff), view.getUint16(layout.shentsize, true)];
  const count = view.getUint16(layout.shentsize + 2, true);
  if (entryBytes < layout.size + 8 || table + count * entryBytes > file.length) return null;
  const contents = (number: number): Uint8Array => {
    const at = table + number * entryBytes;
    const from = word(at + layout.offset);
    return file.subarray(from, from + word(at + layout.size));
  };
  const namesNumber = view.getUint16(layout.shentsize + 4, true);
  if (namesNumber >= count) return null;
  const names = contents(namesNumber);
  for (let number = 0; number < count; number++) {
    const at = table + number * entryBytes;
    if (textAt(names, view.getUint32(at, true)) !== name) continue;
    if ((view.getUint32(at + layout.flags, true) & SHF_COMPRESSED) === 0) return contents(number);
    throw new ConfigurationError(
      `${path}: ${name} is compressed; objcopy --decompress-debug-sections makes it readable`,
    );
  }
  return null;
}

/** Up to the byte 0, in UTF-8 or, where it is none, Latin-1. */
export function textAt(bytes: Uint8Array, from: number): string {
  const end = bytes.indexOf(0, from);
  const text = bytes.subarray(from, end < 0 ? bytes.length : end);
  const latin = String.fromCharCode(...text.subarray(0, TEXT_BYTES_MAX));
  if (/^[\x20-\x7e]*$/.test(latin)) return latin;
  const escaped = [...latin].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  try {
    return decodeURIComponent(escaped.join(''));
  } catch {
    return latin;
  }
}
