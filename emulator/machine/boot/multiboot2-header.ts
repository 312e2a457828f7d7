/**
 * The header of an image for the Multiboot protocol, version 2: found, and read tag by tag.
 * Source: Multiboot2 Specification 2.0, 3.1 "OS image format".
 * There is no display, no EFI: what an image may only ask of these is refused where it is required, and EFI's tags mean
 * nothing, as the specification has it.
 */
import { ConfigurationError } from '../../base/errors.js';
import { damagedHeader, findHeader, type AddressFields } from './multiboot-image.js';

export interface Multiboot2Header {
  /** Of the header in the file. */
  readonly offset: number;
  readonly address: AddressFields | null;
  readonly entry: number | null;
  readonly relocation: Relocation | null;
}

/** "Relocatable header tag": where the image may go instead of where it is linked. */
export interface Relocation {
  /** Lowest address of its first byte, and highest of its last. */
  readonly lowest: bigint;
  readonly highest: bigint;
  readonly alignBytes: bigint;
  readonly preference: 'none' | 'lowest' | 'highest';
}

const ARCHITECTURE_I386 = 0;
const ARCHITECTURE_MIPS = 4;
const SEARCH_BYTES = 32768;
const HEADER_BYTES = 16;
const TAG_BYTES = 8;
const OPTIONAL = 1;
const CONSOLE_REQUIRED = 1;
/** The highest type of information that the specification knows: image load base. */
const INFORMATION_LAST = 21;
const PREFERENCES = ['none', 'lowest', 'highest'] as const;

const Tag = {
  end: 0,
  informationRequest: 1,
  address: 2,
  entryAddress: 3,
  consoleFlags: 4,
  framebuffer: 5,
  moduleAlignment: 6,
  efiBootServices: 7,
  efiI386Entry: 8,
  efiAmd64Entry: 9,
  relocatable: 10,
} as const;

/** Least size of a tag's fields behind type, flags and size; what is read of it. */
const FIELD_BYTES: Readonly<Record<number, number>> = {
  [Tag.address]: 16,
  [Tag.entryAddress]: 4,
  [Tag.consoleFlags]: 4,
  [Tag.framebuffer]: 12,
  [Tag.relocatable]: 16,
};

const SEARCH = { magic: 0xe85250d6, words: 4, alignBytes: 8, searchBytes: SEARCH_BYTES };

/** Offset of the header in the file, or null where there is none. */
export function multiboot2Header(bytes: Uint8Array): number | null {
  return findHeader(bytes, SEARCH);
}

/** A sentence on a header that is one but for its checksum, or null. */
export function damagedMultiboot2(bytes: Uint8Array): string | null {
  return damagedHeader(bytes, SEARCH, 'multiboot 2');
}

/** @throws ConfigurationError when the header is damaged, or requires what is not there */
export function readMultiboot2Header(
  bytes: Uint8Array,
  offset: number,
  path: string,
): Multiboot2Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireI386(view.getUint32(offset + 4, true), path);
  const end = offset + view.getUint32(offset + 8, true);
  if (end > Math.min(SEARCH_BYTES, bytes.byteLength)) {
    throw new ConfigurationError(
      `${path}: the multiboot 2 header at byte ${offset} ends at byte ${end}, behind the first ${SEARCH_BYTES} bytes or the end of the file`,
    );
  }
  let header: Multiboot2Header = { offset, address: null, entry: null, relocation: null };
  for (let at = offset + HEADER_BYTES; ;) {
    const sizeBytes = at + TAG_BYTES <= end ? view.getUint32(at + 4, true) : 0;
    if (sizeBytes < TAG_BYTES || at + sizeBytes > end) {
      throw new ConfigurationError(
        `${path}: the multiboot 2 header has no whole tag at byte ${at}: tags end with one of type 0 and size 8`,
      );
    }
    const type = view.getUint16(at, true);
    if (type === Tag.end) return header;
    requireFields(type, sizeBytes, at, path);
    const fields = new DataView(
      view.buffer,
      view.byteOffset + at + TAG_BYTES,
      sizeBytes - TAG_BYTES,
    );
    const optional = (view.getUint16(at + 2, true) & OPTIONAL) !== 0;
    header = { ...header, ...readTag({ type, optional, fields }, path) };
    at += (sizeBytes + 7) & ~7;
  }
}

function requireI386(architecture: number, path: string): void {
  if (architecture === ARCHITECTURE_I386) return;
  const what = architecture === ARCHITECTURE_MIPS ? ' (32-bit MIPS)' : '';
  throw new ConfigurationError(
    `${path}: a multiboot 2 image for architecture ${architecture}${what}; it must be 0, 32-bit protected mode of i386`,
  );
}

function requireFields(type: number, sizeBytes: number, at: number, path: string): void {
  const least = TAG_BYTES + (FIELD_BYTES[type] ?? 0);
  if (sizeBytes >= least) return;
  throw new ConfigurationError(
    `${path}: the multiboot 2 header tag at byte ${at}, of type ${type}, has ${sizeBytes} bytes; it needs ${least}`,
  );
}

interface HeaderTag {
  readonly type: number;
  readonly optional: boolean;
  /** What follows type, flags and size. */
  readonly fields: DataView;
}

function readTag(tag: HeaderTag, path: string): Partial<Multiboot2Header> {
  const { type, optional, fields } = tag;
  const field = (index: number): number => fields.getUint32(4 * index, true);
  switch (type) {
    case Tag.informationRequest:
      if (!optional) requireInformation(fields, path);
      return {};
    case Tag.address:
      return {
        address: {
          headerAddress: field(0),
          loadAddress: field(1),
          loadEnd: field(2),
          bssEnd: field(3),
        },
      };
    case Tag.entryAddress:
      return { entry: field(0) };
    case Tag.consoleFlags:
      if (!optional && (field(0) & CONSOLE_REQUIRED) !== 0) {
        throw new ConfigurationError(
          `${path}: the multiboot 2 header requires a console (tag 4, bit 0): there is no display, only serial ports`,
        );
      }
      return {};
    case Tag.framebuffer:
      if (optional) return {};
      throw new ConfigurationError(
        `${path}: the multiboot 2 header requires a framebuffer (tag 5): there is no display; an image that can do without marks the tag as optional (flag bit 0)`,
      );
    case Tag.relocatable:
      return { relocation: relocation(field, path) };
    // Modules are on pages in any case.
    case Tag.moduleAlignment:
    case Tag.efiBootServices:
    case Tag.efiI386Entry:
    case Tag.efiAmd64Entry:
      return {};
    default:
      if (optional) return {};
      throw new ConfigurationError(
        `${path}: the multiboot 2 header requires what is not known (tag ${type})`,
      );
  }
}

/** Known types that this machine has nothing of (a framebuffer, EFI, APM) are left out of the information. */
function requireInformation(fields: DataView, path: string): void {
  for (let at = 0; at + 4 <= fields.byteLength; at += 4) {
    const type = fields.getUint32(at, true);
    if (type <= INFORMATION_LAST) continue;
    throw new ConfigurationError(
      `${path}: the multiboot 2 header requires information that is not known (type ${type})`,
    );
  }
}

function relocation(field: (index: number) => number, path: string): Relocation {
  const [lowest, highest, align] = [field(0), field(1), field(2)];
  const preference = PREFERENCES[field(3)];
  if (preference === undefined || lowest > highest || align === 0 || (align & (align - 1)) !== 0) {
    const words = [lowest, highest, align].map((word) => `0x${word.toString(16)}`).join(', ');
    throw new ConfigurationError(
      `${path}: the multiboot 2 header cannot be relocated so (tag 10: lowest, highest address and alignment are ${words}, the preference is ${field(3)})`,
    );
  }
  return {
    lowest: BigInt(lowest),
    highest: BigInt(highest),
    alignBytes: BigInt(align),
    preference,
  };
}
