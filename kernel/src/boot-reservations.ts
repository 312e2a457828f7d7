import {
  BOOT_MODULE_SIZE,
  BootModule,
  MEMORY_MAP_ENTRY_SIZE,
  START_INFO_SIZE,
  StartInfo,
  textSize,
} from './boot-info';
import { printLine } from './console';
import { rangeAt } from './memory-map';
import { BOOT_MAPPED_END, pageRoundDown, pageRoundUp } from './page';
import { EXIT_BAD_BOOT_INFORMATION, exitWith } from './power';
import { ramRangeCount, ramRanges } from './ram';
import {
  firstEndingAfter,
  Owner,
  RESERVATION_SIZE,
  reservationAt,
  reservationCapacity,
  reservationCount,
  reservationsMove,
  reserve,
  unreserveRange,
} from './reservations';
import { x86 } from './x86';

/**
 * What is taken before anything is handed out: low memory, the image, and what the loader left. When that may be more pieces than the
 * table of reservations takes, the table first moves to RAM where none of it lies.
 */
const LOW_MEMORY_END: u64 = 0x10_0000;
/** More modules than that are no list of modules. */
const MODULES_MAX: u32 = 65_536;
/** Pieces besides modules: those above, and later the heap, tables of the window, metadata and tables of runs, and room to part some. */
const OTHER_PIECES: u32 = 64;

/** Reserves what exists already: low memory, the image, and everything that the loader left. */
export function reserveBootStructures(info: StartInfo): void {
  let room = makeRoom(info);
  room = room && take(0, LOW_MEMORY_END, Owner.LowMemory);
  room = room && take(x86.kernelStart() as u64, x86.kernelEnd() as u64, Owner.KernelImage);
  const at = changetype<usize>(info) as u64;
  const entriesSize = (info.memoryMapEntries as u64) * (MEMORY_MAP_ENTRY_SIZE as u64);
  room = room && take(at, at + (START_INFO_SIZE as u64), Owner.BootInformation);
  room = room && take(info.memoryMap, info.memoryMap + entriesSize, Owner.BootInformation);
  room = room && reserveText(info.commandLine);
  room = room && reserveModules(info);
  if (room) return;
  printLine('[nk_boot] more boot modules than this kernel keeps track of');
  exitWith(EXIT_BAD_BOOT_INFORMATION);
}

function reserveModules(info: StartInfo): bool {
  if (info.moduleCount == 0) return true;
  const listSize = (info.moduleCount as u64) * (BOOT_MODULE_SIZE as u64);
  if (!take(info.moduleList, info.moduleList + listSize, Owner.BootInformation)) return false;
  for (let i: u32 = 0; i < info.moduleCount; i++) {
    const module = moduleAt(info, i);
    if (!take(module.address, module.address + module.size, Owner.BootModules)) return false;
    if (!reserveText(module.commandLine)) return false;
  }
  return true;
}

function moduleAt(info: StartInfo, index: u32): BootModule {
  return changetype<BootModule>((info.moduleList as usize) + (index as usize) * BOOT_MODULE_SIZE);
}

function reserveText(text: u64): bool {
  return text == 0 || take(text, text + (textSize(text as usize) as u64), Owner.BootInformation);
}

/**
 * Reserves [start, end), also where ACPI tables have pages of it: a page that both use half of must not be handed out when the tables
 * are reclaimed.
 */
function take(start: u64, end: u64, owner: Owner): bool {
  const first = pageRoundDown(start as usize) as u64;
  const last = pageRoundUp(end as usize) as u64;
  return unreserveRange(first, last, Owner.AcpiTables) && reserve(start, end, owner);
}

/** Has the table take all that follows: a module and its text may be two pieces, and what overlaps twice as many. */
function makeRoom(info: StartInfo): bool {
  if (info.moduleCount > MODULES_MAX) return false;
  const pieces = reservationCount() + OTHER_PIECES + 4 * info.moduleCount;
  if (pieces <= reservationCapacity()) return true;
  const size = pageRoundUp((pieces as usize) * RESERVATION_SIZE) as u64;
  for (let i: u32 = 0; i < ramRangeCount(); i++) {
    const range = rangeAt(ramRanges(), i);
    const end = min(range.end, BOOT_MAPPED_END as u64);
    let cursor = max(range.start, LOW_MEMORY_END);
    while (cursor < end && end - cursor >= size) {
      const behind = obstacleEnd(info, cursor, cursor + size);
      if (behind == 0) {
        reservationsMove(cursor as usize, pieces);
        return reserve(cursor, cursor + size, Owner.Reservations);
      }
      cursor = pageRoundUp(behind as usize) as u64;
    }
  }
  return false;
}

/** The end of something that lies in [start, end), or 0. */
function obstacleEnd(info: StartInfo, start: u64, end: u64): u64 {
  const index = firstEndingAfter(start);
  if (index < reservationCount() && reservationAt(index).start < end)
    return reservationAt(index).end;
  if (touches(start, end, x86.kernelStart() as u64, x86.kernelEnd() as u64))
    return x86.kernelEnd() as u64;
  const at = changetype<usize>(info) as u64;
  if (touches(start, end, at, at + (START_INFO_SIZE as u64))) return at + (START_INFO_SIZE as u64);
  const mapSize = (info.memoryMapEntries as u64) * (MEMORY_MAP_ENTRY_SIZE as u64);
  if (touches(start, end, info.memoryMap, info.memoryMap + mapSize))
    return info.memoryMap + mapSize;
  const listSize = (info.moduleCount as u64) * (BOOT_MODULE_SIZE as u64);
  if (touches(start, end, info.moduleList, info.moduleList + listSize))
    return info.moduleList + listSize;
  const text = textObstacle(info.commandLine, start, end);
  return text != 0 ? text : moduleObstacle(info, start, end);
}

/** Of all modules in the way, the highest end: else each of many, a little further on, would be looked for from the first again. */
function moduleObstacle(info: StartInfo, start: u64, end: u64): u64 {
  let highest: u64 = 0;
  for (let i: u32 = 0; i < info.moduleCount; i++) {
    const module = moduleAt(info, i);
    const behind = module.address + module.size;
    if (touches(start, end, module.address, behind)) highest = max(highest, behind);
    highest = max(highest, textObstacle(module.commandLine, start, end));
  }
  return highest;
}

function textObstacle(text: u64, start: u64, end: u64): u64 {
  if (text == 0) return 0;
  const behind = text + (textSize(text as usize) as u64);
  return touches(start, end, text, behind) ? behind : 0;
}

function touches(start: u64, end: u64, from: u64, to: u64): bool {
  return from < end && to > start;
}
