/**
 * The Linux boot protocol in real mode: the image's own first sectors are entered, with the services of a PC BIOS. Every bzImage has
 * this entry; memdisk and iPXE have no other.
 * Source: Linux, Documentation/arch/x86/boot.rst, "Loading The Rest of The Kernel", "Sample Boot Configuration", "Running the Kernel".
 */
import { ConfigurationError } from '../../base/errors.js';
import type { PlacedBytes } from '../placed-bytes.js';
import {
  linuxCode,
  linuxHeader,
  requireWhatItTakes,
  runSpan,
  type LinuxRequest,
} from './linux-header.js';
import { placeModules } from './modules.js';
import { placed, Structure, zeroTerminated } from './structure.js';

const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const HEAP_END_PTR = 0x224;
const CMD_LINE_PTR = 0x228;

const UNKNOWN_LOADER = 0xff;
const CAN_USE_HEAP = 0x80;
/** The real-mode code, its stack and heap have one segment; the command line lies behind them. */
const SEGMENT_BASE = 0x10000;
/** Of the segment; the firmware sets SP to it (firmware/src/boot.asm, REAL_MODE_STACK). */
const HEAP_END = 0xe000;
/** What heap_end_ptr says; the stack lies behind it. Real-mode code that reaches it would be overwritten. */
const HEAP_LIMIT = HEAP_END - 0x200;
const COMMAND_LINE_ROOM = 0x2000;
const ENTRY_OFFSET = 0x200;

export const REAL_MODE_ENTRY = BigInt(SEGMENT_BASE + ENTRY_OFFSET);

/** The real-mode and the protected-mode part. @throws ConfigurationError for images that cannot be booted so */
export function realModePlacements(bytes: Uint8Array, path: string): PlacedBytes[] {
  const code = linuxCode(bytes, path);
  const { setupBytes } = linuxHeader(bytes);
  if (setupBytes > HEAP_LIMIT) {
    throw new ConfigurationError(
      `${path}: ${setupBytes} bytes of real-mode code; ${HEAP_LIMIT} leave room for its stack`,
    );
  }
  return [placed(SEGMENT_BASE, bytes.subarray(0, setupBytes)), code];
}

/** What of the header the loader fills in, the command line, the initial RAM disk. */
export function planLinuxRealMode(request: LinuxRequest): PlacedBytes[] {
  const { bytes, map, modules, commandLine } = request;
  requireWhatItTakes(request, COMMAND_LINE_ROOM - 1);
  const { setupBytes, loadflags, initrdAddrMax } = linuxHeader(bytes);
  const setup = new Structure(setupBytes).copy(0, bytes.subarray(0, setupBytes));
  setup.u8(TYPE_OF_LOADER, UNKNOWN_LOADER).u8(LOADFLAGS, loadflags | CAN_USE_HEAP);
  setup.u16(HEAP_END_PTR, HEAP_LIMIT).u32(CMD_LINE_PTR, SEGMENT_BASE + HEAP_END);
  const [, ...code] = request.code;
  const limit = BigInt(initrdAddrMax) + 1n;
  const disks = placeModules(modules, map, [runSpan(bytes), ...code], limit);
  for (const { address, bytes: disk } of disks) {
    setup.u32(RAMDISK_IMAGE, Number(address)).u32(RAMDISK_SIZE, disk.byteLength);
  }
  return [
    placed(SEGMENT_BASE, setup.bytes),
    placed(SEGMENT_BASE + HEAP_END, zeroTerminated(commandLine, '--append')),
    ...code,
    ...disks.map((disk) => placed(disk.address, disk.bytes)),
  ];
}
