import { EXIT_BAD_BOOT_INFORMATION, exitWith } from './power';
import { newLine, print, printAddress, printLine, printRange, printUnsigned } from './console';

/**
 * What the loader hands over: `hvm_start_info` of the PVH boot protocol.
 * Source: Xen, xen/include/public/arch-x86/hvm/start_info.h.
 *
 *       +0  u32 magic 0x336EC578         +32  u64 rsdp_paddr
 *       +4  u32 version                  +40  u64 memmap_paddr      (version 1 and later)
 *       +8  u32 flags                    +48  u32 memmap_entries
 *      +12  u32 nr_modules               +52  u32 reserved
 *      +16  u64 modlist_paddr
 *      +24  u64 cmdline_paddr
 */
@unmanaged
export class StartInfo {
  magic: u32;
  version: u32;
  flags: u32;
  moduleCount: u32;
  moduleList: u64;
  commandLine: u64;
  rsdp: u64;
  memoryMap: u64;
  memoryMapEntries: u32;
  reserved: u32;
}

export const START_INFO_SIZE: usize = 56;
const START_INFO_MAGIC: u32 = 0x336ec578;

/** One entry of the firmware's map, 24 bytes. Type 1 is RAM; the numbers are those of E820h. */
@unmanaged
export class MemoryMapEntry {
  base: u64;
  length: u64;
  type: u32;
  reserved: u32;
}

export const MEMORY_MAP_ENTRY_SIZE: usize = 24;
export const TYPE_USABLE: u32 = 1;
export const TYPE_ACPI_RECLAIMABLE: u32 = 3;

/** One boot module, 32 bytes. */
@unmanaged
export class BootModule {
  address: u64;
  size: u64;
  commandLine: u64;
  reserved: u64;
}

export const BOOT_MODULE_SIZE: usize = 32;

/** Longest command line that is read; longer ones are cut. */
const COMMAND_LINE_LIMIT: usize = 2048;

/** Stops the machine, with a sentence, when `startInfo` is not a PVH start info with a memory map. */
export function bootInfoCheck(startInfo: usize): StartInfo {
  const info = changetype<StartInfo>(startInfo);
  if (info.magic != START_INFO_MAGIC) {
    print('[nk_boot] no PVH start info at ');
    printAddress(startInfo);
    printLine(': the magic number is not 0x336ec578');
    exitWith(EXIT_BAD_BOOT_INFORMATION);
  }
  if (info.version < 1 || info.memoryMap == 0) {
    print('[nk_boot] the PVH start info (version ');
    printUnsigned(info.version);
    printLine(') carries no memory map');
    exitWith(EXIT_BAD_BOOT_INFORMATION);
  }
  return info;
}

/** Whether the command line holds `word`, set off by spaces. */
export function commandLineHas(info: StartInfo, word: string): bool {
  const text = info.commandLine as usize;
  if (text == 0) return false;
  const length = word.length as usize;
  let start: usize = 0;
  for (let i: usize = 0; i <= COMMAND_LINE_LIMIT; i++) {
    const byte = i < COMMAND_LINE_LIMIT ? load<u8>(text + i) : 0;
    if (byte == 0 || byte == 0x20) {
      if (i - start == length && bytesEqual(text + start, word)) return true;
      start = i + 1;
    }
    if (byte == 0) break;
  }
  return false;
}

function bytesEqual(bytes: usize, text: string): bool {
  for (let i = 0; i < text.length; i++) {
    if ((load<u8>(bytes + (i as usize)) as i32) != text.charCodeAt(i)) return false;
  }
  return true;
}

/** Bytes of a NUL-terminated text, the NUL included, at most COMMAND_LINE_LIMIT. */
export function textSize(text: usize): usize {
  let size: usize = 1;
  while (size < COMMAND_LINE_LIMIT && load<u8>(text + size - 1) != 0) size += 1;
  return size;
}

/** The firmware's map as it was given, one entry a line, in the form of Linux's dmesg. */
export function printFirmwareMap(info: StartInfo): void {
  print("[nk_boot] the firmware's memory map, entries: ");
  printUnsigned(info.memoryMapEntries);
  newLine();
  for (let i: u32 = 0; i < info.memoryMapEntries; i++) {
    const at = (info.memoryMap as usize) + (i as usize) * MEMORY_MAP_ENTRY_SIZE;
    const entry = changetype<MemoryMapEntry>(at);
    print('BIOS-e820: ');
    printRange(entry.base, entry.base + entry.length);
    print(' ');
    printType(entry.type);
    newLine();
  }
}

/** The words that Linux prints (arch/x86/kernel/e820.c, e820_print_type). */
function printType(type: u32): void {
  switch (type) {
    case 1:
      return print('usable');
    case 2:
      return print('reserved');
    case 3:
      return print('ACPI data');
    case 4:
      return print('ACPI NVS');
    case 5:
      return print('unusable');
    case 7:
    case 12:
      print('persistent (type ');
      break;
    default:
      print('type ');
      return printUnsigned(type);
  }
  printUnsigned(type);
  print(')');
}
