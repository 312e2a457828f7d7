/**
 * What is in memory when the firmware hands over, and what it is told: the image, the structures of its boot protocol, the
 * modules; and the file `opt/s7x/boot` (firmware/README.md).
 */
import { assert } from '../../base/assert.js';
import { ConfigurationError } from '../../base/errors.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import type { BootImage } from '../image.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { ROM_SHADOW_BASE, type RamRange } from '../ram-layout.js';
import { DISK_RECORD_BYTES, diskRecord } from './disk.js';
import type { FlatEntry } from './flat-entry.js';
import type { LinuxRequest } from './linux-header.js';
import { planLinux } from './linux.js';
import { planLinuxRealMode } from './linux-real-mode.js';
import { placeModules, type BootModule } from './modules.js';
import { planMultiboot } from './multiboot.js';
import type { MultibootImage } from './multiboot-image.js';
import { planMultiboot2 } from './multiboot2.js';
import { placed, Structure, zeroTerminated } from './structure.js';

export interface BootRequest {
  readonly ram: readonly RamRange[];
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

export interface BootPlan {
  readonly placements: readonly PlacedBytes[];
  /** The file `opt/s7x/boot`. */
  readonly record: Uint8Array;
  /** What INT 13h reads: the file `opt/s7x/disk`. */
  readonly disk?: Uint8Array;
}

/** {u32 version, u32 kind, u64 entry, u64 rsdp, u32 moduleCount, u32 reserved}, then what the kind asks for. */
const RECORD_BYTES = 32;
const RECORD_VERSION = 1;
const RecordKind = { none: 0, pvh: 1, bootSector: 2, flat: 3, realMode: 4 } as const;
/** {u32 EAX, u32 EBX, u32 ESI, u32 CR3, u32 copy of the RSDP of ACPI 1.0, u32 of ACPI 2.0} */
const FLAT_BYTES = 24;
/** {u64 address, u64 size, u64 command line, u64 reserved} [Xen, start_info.h, hvm_modlist_entry] */
const PVH_MODULE_BYTES = 32;
const PVH_MODULES_MAX = 2048;
const FOUR_GIB = 1n << 32n;
/** @throws ConfigurationError when the image and what it is given do not go together, or there is no room */
export function planBoot(image: BootImage | null, request: BootRequest): BootPlan {
  if (image === null) return { placements: [], record: record(RecordKind.none, 0n, 0) };
  requireFreeAreas(image);
  switch (image.kind) {
    case 'firmware':
      return planFirmware(image, request);
    case 'pvh':
      return planPvh(image, request);
    case 'boot-sector':
      return planBootSector(image, request);
    case 'linux':
      return flat(
        planLinux(
          linuxRequest(image, request),
          image.entryGiven === true ? Number(image.entry) : null,
        ),
      );
    case 'linux16':
      return planRealMode(image, request);
    case 'flat':
      return planFlat(image, request);
    case 'multiboot':
      return flat(planMultiboot({ ...request, path: image.path, image: multibootImage(image) }));
    case 'multiboot2':
      assert(image.multiboot2 !== undefined, 'a multiboot 2 image without its header');
      return flat(
        planMultiboot2({
          ...request,
          path: image.path,
          file: image.file,
          header: image.multiboot2,
          image: multibootImage(image),
          loadBase: image.loadBase ?? null,
        }),
      );
  }
}

function multibootImage({ placements, entry, symbols }: BootImage): MultibootImage {
  return { placements, entry: Number(entry), symbols };
}

/** Memory that the firmware and the loader write before the image runs (firmware/README.md, "Memory"). */
const AREAS_OF_FIRMWARE = [
  { base: 0n, end: 0x500n, use: 'the interrupt vectors and the BIOS data area' },
  { base: 0x9fc00n, end: 0xa0000n, use: 'the extended BIOS data area' },
  { base: ROM_SHADOW_BASE, end: 0x100000n, use: 'the firmware' },
];
const HAND_OVER_AREA = {
  base: 0x10000n,
  end: 0x80000n,
  use: 'where the memory map and the command line are handed over',
};

const ENTERED_WITHOUT_HAND_OVER: ReadonlySet<BootImage['kind']> = new Set([
  'boot-sector',
  'flat',
  'linux16',
]);

/** Nothing of the image may lie there. */
function requireFreeAreas({ path, kind, placements }: BootImage): void {
  if (kind === 'firmware') return;
  const handsOver = !ENTERED_WITHOUT_HAND_OVER.has(kind);
  for (const { base, end, use } of [...AREAS_OF_FIRMWARE, ...(handsOver ? [HAND_OVER_AREA] : [])]) {
    const over = placements.findIndex(
      ({ address, memoryBytes }) => address < end && address + memoryBytes > base,
    );
    if (over < 0) continue;
    const what = placements[over]?.name ?? `${path}: segment ${over}`;
    const area = `0x${base.toString(16)}–0x${(end - 1n).toString(16)}`;
    throw new ConfigurationError(`${what} lies over ${area}, ${use}`);
  }
}

function record(kind: number, entry: bigint, modules: number, moreBytes = 0): Uint8Array {
  const bytes = new Structure(RECORD_BYTES + moreBytes);
  bytes.u32(0, RECORD_VERSION).u32(4, kind).u64(8, entry).u32(24, modules);
  return bytes.bytes;
}

function flat(plan: { placements: readonly PlacedBytes[]; entry: FlatEntry }): BootPlan {
  const { address, eax, ebx, esi, cr3 = 0, rsdpCopies = [0, 0] } = plan.entry;
  const registers = new Structure(FLAT_BYTES).u32(0, eax).u32(4, ebx).u32(8, esi);
  registers.u32(12, cr3).u32(16, rsdpCopies[0]).u32(20, rsdpCopies[1]);
  const bytes = record(RecordKind.flat, BigInt(address), 0, FLAT_BYTES);
  bytes.set(registers.bytes, RECORD_BYTES);
  return { placements: plan.placements, record: bytes };
}

/** Files at addresses: nothing is handed over. */
function planFlat(image: BootImage, { commandLine, modules }: BootRequest): BootPlan {
  const [first] = modules;
  if (first !== undefined || commandLine !== '') {
    const what = first === undefined ? 'command line' : `module (${first.path})`;
    throw new ConfigurationError(
      `${image.path}: files that are loaded without an image take no ${what}`,
    );
  }
  const entry = { address: Number(image.entry), eax: 0, ebx: 0, esi: 0 };
  return flat({ placements: image.placements, entry });
}

function planBootSector(image: BootImage, { modules }: BootRequest): BootPlan {
  const [first] = modules;
  if (first !== undefined) {
    throw new ConfigurationError(`${first.path}: a boot sector takes no modules`);
  }
  const bytes = record(RecordKind.bootSector, image.entry, 0, DISK_RECORD_BYTES);
  bytes.set(diskRecord(image.file), RECORD_BYTES);
  return { placements: image.placements, record: bytes, disk: image.file };
}

/** The image's own real-mode code: the console is a boot sector's, but there is no disk. */
function planRealMode(image: BootImage, request: BootRequest): BootPlan {
  const bytes = record(RecordKind.realMode, image.entry, 0, DISK_RECORD_BYTES);
  bytes.set(diskRecord(new Uint8Array(0)), RECORD_BYTES);
  return { placements: planLinuxRealMode(linuxRequest(image, request)), record: bytes };
}

function linuxRequest(image: BootImage, request: BootRequest): LinuxRequest {
  return { ...request, bytes: image.file, path: image.path, code: image.placements };
}

/** A foreign ROM finds its own way: it gets the memory map, and nothing to start. */
function planFirmware(
  { path, placements }: BootImage,
  { commandLine, modules }: BootRequest,
): BootPlan {
  const [first] = modules;
  if (first !== undefined || commandLine !== '') {
    const what = first === undefined ? 'command line' : `module (${first.path})`;
    throw new ConfigurationError(`${path}: a firmware ROM takes no ${what}`);
  }
  return { placements, record: record(RecordKind.none, 0n, 0) };
}

/** The firmware builds hvm_start_info; the list of modules it takes from the boot file. */
function planPvh(image: BootImage, request: BootRequest): BootPlan {
  if (request.modules.length > PVH_MODULES_MAX) {
    throw new ConfigurationError(
      `${request.modules.length} modules; there is room for ${PVH_MODULES_MAX}`,
    );
  }
  // Each module's command line stands behind it.
  const withText = request.modules.map((module) => {
    const text = zeroTerminated(module.commandLine, module.path);
    const bytes = new Uint8Array(module.bytes.byteLength + text.byteLength);
    bytes.set(module.bytes);
    bytes.set(text, module.bytes.byteLength);
    return { ...module, bytes };
  });
  const modules = placeModules(withText, request.map, image.placements, FOUR_GIB);
  const list = new Structure(modules.length * PVH_MODULE_BYTES);
  modules.forEach(({ address, bytes, commandLine }, index) => {
    const size = BigInt(bytes.byteLength - commandLine.length - 1);
    const at = index * PVH_MODULE_BYTES;
    list
      .u64(at, address)
      .u64(at + 8, size)
      .u64(at + 16, commandLine === '' ? 0n : address + size);
  });
  const bytes = record(RecordKind.pvh, image.entry, modules.length, list.bytes.byteLength);
  bytes.set(list.bytes, RECORD_BYTES);
  return {
    placements: [
      ...image.placements,
      ...modules.map((module) => placed(module.address, module.bytes)),
    ],
    record: bytes,
  };
}
