import { DEBUG } from './debug-build';
import { interruptRun } from './interrupt-table';
import { PHYSICAL_ADDRESS_END } from './page';
import { x86 } from './x86';

/**
 * What this processor can do, asked once.
 * Source: SDM Vol. 2A, CPUID; Vol. 3A "Paging" (CR4.LA57, page sizes), "Model-Specific Registers" (IA32_EFER).
 */
const CPUID_BASIC_MAX: u32 = 0;
const CPUID_FEATURES: u32 = 1; // EDX bit 13: PGE
const CPUID_STRUCTURED_FEATURES: u32 = 7; // EBX bit 7: SMEP, bit 20: SMAP
const CPUID_EXTENDED_MAX: u32 = 0x8000_0000;
const CPUID_EXTENDED_FEATURES: u32 = 0x8000_0001; // EDX bit 26: PDPE1GB
const CPUID_ADDRESS_SIZES: u32 = 0x8000_0008; // EAX bits 7:0: MAXPHYADDR
const PDPE1GB_BIT: u32 = 26;
const PGE_BIT: u32 = 13;
const SMEP_BIT: u32 = 7;
const SMAP_BIT: u32 = 20;
export const CR0_WP: u64 = 1 << 16;
export const CR4_PGE: u64 = 1 << 7;
const CR4_LA57: u64 = 1 << 12;
export const CR4_SMEP: u64 = 1 << 20;
export const CR4_SMAP: u64 = 1 << 21;
const IA32_EFER: u32 = 0xc000_0080;
const IA32_EFER_NXE: u64 = 1 << 11;

/** MAXPHYADDR of a processor that has no leaf 80000008H. [SDM-2A CPUID] */
const MAXPHYADDR_DEFAULT: u64 = 36;
const MAXPHYADDR_LIMIT: u64 = 52;
/** Identity-mapped addresses are the lower canonical half: 2^47 with 4 levels, 2^56 with 5. */
const FOUR_LEVEL_END: u64 = (1 as u64) << 47;

const registers: usize = memory.data(16);

/** 2^MAXPHYADDR, at most 2^52. */
export let physicalEnd: u64 = 0;
/** The end of what page tables can map at its own address, at most 2^52. */
export let reachableEnd: u64 = 0;
export let hasGigabytePages: bool = false;
export let hasFiveLevels: bool = false;
export let hasExecuteDisable: bool = false;

export function processorInit(): void {
  x86.cpuid(CPUID_EXTENDED_MAX, 0, registers);
  const extendedMax = load<u32>(registers);

  let addressBits = MAXPHYADDR_DEFAULT;
  if (extendedMax >= CPUID_ADDRESS_SIZES) {
    x86.cpuid(CPUID_ADDRESS_SIZES, 0, registers);
    addressBits = (load<u32>(registers) & 0xff) as u64;
  }
  if (addressBits > MAXPHYADDR_LIMIT) addressBits = MAXPHYADDR_LIMIT;
  physicalEnd = (1 as u64) << addressBits;

  x86.cpuid(CPUID_EXTENDED_FEATURES, 0, registers);
  hasGigabytePages = ((load<u32>(registers, 12) >> PDPE1GB_BIT) & 1) != 0;
  hasFiveLevels = (x86.readCr4() & CR4_LA57) != 0;
  hasExecuteDisable = (x86.rdmsr(IA32_EFER) & IA32_EFER_NXE) != 0;
  reachableEnd = hasFiveLevels ? PHYSICAL_ADDRESS_END : FOUR_LEVEL_END;
}

/**
 * Switches on every protection that the processor offers: ring 0 neither executes (SMEP) nor, while RFLAGS.AC is 0,
 * touches (SMAP) pages of ring 3, and read-only pages are read-only to it, too (WP; NXE is the boot stub's).
 * Global pages (PGE) keep their translations when CR3 is written. [SDM-3A "Access Rights"]
 */
export function processorProtect(): void {
  x86.writeCr0(x86.readCr0() | CR0_WP);
  let wanted: u64 = 0;
  x86.cpuid(CPUID_FEATURES, 0, registers);
  if (((load<u32>(registers, 12) >> PGE_BIT) & 1) != 0) wanted |= CR4_PGE;
  x86.cpuid(CPUID_BASIC_MAX, 0, registers);
  if (load<u32>(registers) >= CPUID_STRUCTURED_FEATURES) {
    x86.cpuid(CPUID_STRUCTURED_FEATURES, 0, registers);
    const offered = load<u32>(registers, 4);
    if (((offered >> SMEP_BIT) & 1) != 0) wanted |= CR4_SMEP;
    if (((offered >> SMAP_BIT) & 1) != 0) wanted |= CR4_SMAP;
  }
  x86.writeCr4(x86.readCr4() | wanted);
}

/** Two u32: 1 while a call is in progress, and the vector of the interrupt that came meanwhile, or 0. */
const inCall: usize = memory.data(8, 8);
const WAITING: usize = 4;

/** @inline */
function hold(): void {
  x86.mov32(inCall, 1);
}

/** Calls of the allocators in progress that make such calls themselves. */
let callsAround: u32 = 0;

/**
 * A call of the allocators begins, which no other one makes: what others make stands between callsInsideBegin and
 * callsInsideEnd, or uses interruptsOff.
 * The allocators run on one processor: nothing else touches their state, so that interrupt handlers may allocate and
 * free. RFLAGS.IF stays as it is: CLI and STI would let the processor run dry twice a call. An interrupt that comes
 * during a call is held back by its entry (interrupt-handlers.ts), and taken when the outermost call ends.
 * Source: Stodolsky, Chen, Bershad, "Fast Interrupt Priority Management in Operating System Kernels", USENIX 1993.
 * @inline */
export function callBegin(): void {
  if (DEBUG && load<u32>(inCall) != 0 && callsAround == 0) unreachable(); // it would end the call around it
  hold();
}

/** The end of what callBegin began. @inline */
export function callEnd(): void {
  if (interruptsEnd()) interruptTake();
}

/** The same where a call may be made by another one: returns what interruptsRestore needs. Pairs nest. @inline */
export function interruptsOff(): u64 {
  const outer = load<u32>(inCall);
  hold();
  return outer as u64;
}

/** The end of what interruptsOff began. @inline */
export function interruptsRestore(outer: u64): void {
  if (outer == 0) callEnd();
}

/** Inside a call others follow, whose ends are not its end. */
export function callsInsideBegin(): void {
  callsAround += 1;
}

export function callsInsideEnd(): void {
  hold();
  callsAround -= 1;
}

/** The end of an outermost call; true when an interrupt waits, then interruptTake is to follow. @inline */
export function interruptsEnd(): bool {
  x86.mov32(inCall, 0);
  return load<u32>(inCall, WAITING) != 0;
}

/** Where the call returns to whose return address interruptWaits has changed. */
let lateReturnTo: usize = 0;

/**
 * Whether an interrupt has to wait that came at `rip` with the stack at `stack`; then it does, and IF is to be 0 until it is taken.
 * A function that is whole (dialect.md) notes nothing: its return address, on top of the stack, becomes that of a way by interrupt_late.
 */
export function interruptWaits(vector: u32, rip: usize, stack: usize): bool {
  if (rip - x86.wholeStart() < x86.textEnd() - x86.wholeStart()) {
    lateReturnTo = load<usize>(stack);
    store<usize>(stack, x86.lateReturn());
  } else if (load<u32>(inCall) == 0 && callsAround == 0) return false;
  store<u32>(inCall, vector, WAITING);
  return true;
}

/** A function that is whole (dialect.md) has ended, or what it went on to: takes the interrupt that still waits. Returns where to go on. */
export function interrupt_late(): usize {
  const returnTo = lateReturnTo;
  if (load<u32>(inCall) == 0 && load<u32>(inCall, WAITING) != 0) interruptTake();
  return returnTo;
}

/** Takes the interrupt that waits, if the outermost call has ended; IF is 0 since it came, and was 1. @cold */
export function interruptTake(): void {
  if (callsAround != 0) return;
  const vector = load<u32>(inCall, WAITING);
  store<u32>(inCall, 0, WAITING);
  interruptRun(vector);
  x86.sti();
}

/** The same at the end of a call whose result is `result`. @cold */
export function interruptTakeWith(result: usize): usize {
  interruptTake();
  return result;
}
