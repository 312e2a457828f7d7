/** What watches a machine's memory, and asks the machine who is running. */
import type { Processor } from '../cpu/processor.js';
import type { ProcessorHost } from '../cpu/processor-options.js';
import type { FirmwareRom } from './firmware-rom.js';
import type { AccessObserver, MemoryCheck } from './memory-check.js';
import type { PageLog } from './page-log.js';
import { functionName } from './profile.js';
import type { SymbolTable } from './symbols.js';

interface Observed {
  readonly processor: Processor;
  readonly symbols: SymbolTable;
  readonly nowCycles: number;
}

/** Who placed ROM and image, before the processor runs. */
const LOADER = '[loader]';
const ONE_MIB = 0x100000n;

/** Writes down the uses of pages, each with the function that is running. */
export function pageNoter(
  machine: Observed,
  pages: PageLog,
): NonNullable<ProcessorHost['pageUsed']> {
  return (use, first, count) => {
    const by = (): string => {
      const address = machine.processor.blockAddress;
      return address === null ? LOADER : functionName(address, machine.symbols);
    };
    pages.note(use, first, count, by, machine.nowCycles);
  };
}

/** The firmware's own accesses are no findings: what it does to memory is what makes the map true. */
export function accessChecker(
  machine: Observed,
  { bytes: rom, place }: FirmwareRom,
  check: MemoryCheck,
): NonNullable<ProcessorHost['accessed']> {
  const end = place.base + BigInt(rom.byteLength);
  const isFirmware = (rip: bigint): boolean =>
    (rip >= place.base && rip < end) || (rip >= place.shadowBase && rip < ONE_MIB);
  const by: AccessObserver['place'] = () => {
    const { processor, symbols } = machine;
    const rip = processor.debug.instructionAddress;
    if (isFirmware(rip) && isFirmware(processor.debug.translate(rip) ?? 0n)) return null;
    const instruction = processor.retired;
    return { rip, function: functionName(rip, symbols), cycle: machine.nowCycles, instruction };
  };
  const observer: AccessObserver = {
    place: by,
    linear: () => machine.processor.debug.toldLinear,
    stackPointer: () => machine.processor.debug.stackLinearAddress(),
  };
  return (address, bytes, what) => check.accessed(address, bytes, what, observer);
}
