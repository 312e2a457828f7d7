/**
 * The state after RESET.
 * Source: Intel SDM Vol. 3A, "Processor State After Reset", table "IA-32 and Intel 64 Processor States Following
 * Power-up, Reset, or INIT".
 */
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  DEBUG_REGISTERS,
  FAULT,
  FAULT_CHAIN_COUNT,
  GDTR_BASE,
  GDTR_LIMIT,
  IA32_CSTAR,
  IA32_EFER,
  IA32_FMASK,
  IA32_APIC_BASE,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_MISC_ENABLE,
  IA32_MTRR_DEF_TYPE,
  IA32_PAT,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
  IA32_TSC_AUX,
  IDTR_BASE,
  IDTR_LIMIT,
  IGNNE,
  INTERRUPT_SHADOW,
  MTRR_REGISTERS,
  NMI_BLOCKED,
  NMI_PENDING,
  PDPTE_REGISTERS,
  REGISTERS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENT_UNUSABLE,
  SEGMENTS,
  TSC_OFFSET,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
  XCR0,
} from '../isa/state-layout.js';
import { Segment, SLOT_COUNT, VECTOR_SLOT_COUNT } from '../isa/uop.js';
import type { LinearMemory } from './linear-memory.js';

/** Present, data, writable, accessed. */
const DATA_ATTRIBUTES = 0x93;
const LDT_ATTRIBUTES = 0x82;
const BUSY_TSS_ATTRIBUTES = 0x8b;
const MTRR_REGISTER_COUNT = 27;
const RDX = REGISTERS + 2 * 8;

/** u64 registers that do not become 0. */
const VALUES: readonly (readonly [number, bigint])[] = [
  [RIP, 0xfff0n],
  [CR0, 0x60000010n], // CD, NW, ET
  [DEBUG_REGISTERS + 6 * 8, 0xffff0ff0n],
  [DEBUG_REGISTERS + 7 * 8, 0x400n],
  [IA32_PAT, 0x0007040600070406n],
  [IA32_MISC_ENABLE, 1n], // fast-string operations
  [XCR0, 1n],
  [IA32_APIC_BASE, 0xfee00900n], // enabled, bootstrap processor
];

const ZEROES: readonly number[] = [
  CR2,
  CR3,
  CR4,
  CR8,
  IA32_EFER,
  IA32_STAR,
  IA32_LSTAR,
  IA32_CSTAR,
  IA32_FMASK,
  IA32_KERNEL_GS_BASE,
  IA32_TSC_AUX,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_ESP,
  IA32_SYSENTER_EIP,
  IA32_MTRR_DEF_TYPE,
  TSC_OFFSET,
  GDTR_BASE,
  IDTR_BASE,
];

const CLEARED_WORDS: readonly number[] = [
  CPL,
  INTERRUPT_SHADOW,
  NMI_PENDING,
  NMI_BLOCKED,
  FAULT,
  FAULT_CHAIN_COUNT,
];

/** Writes the reset state; `signature` is CPUID 1:EAX, which EDX holds. RFLAGS and what the core derives are not written. */
export function writeResetState(memory: LinearMemory, signature: number): void {
  memory.bytes(REGISTERS, SLOT_COUNT * 8).fill(0);
  memory.setU64(RDX, BigInt(signature));
  memory.bytes(VECTOR_REGISTERS, VECTOR_SLOT_COUNT * VECTOR_REGISTER_BYTES).fill(0);
  memory.bytes(X87_TAGS, X87_REGISTERS + 8 * X87_REGISTER_BYTES - X87_TAGS).fill(0);
  memory.bytes(DEBUG_REGISTERS, 8 * 8).fill(0);
  memory.bytes(PDPTE_REGISTERS, 4 * 8).fill(0);
  memory.bytes(MTRR_REGISTERS, MTRR_REGISTER_COUNT * 8).fill(0);
  for (const address of ZEROES) memory.setU64(address, 0n);
  for (const [address, value] of VALUES) memory.setU64(address, value);
  for (const address of CLEARED_WORDS) memory.setU32(address, 0);
  memory.setU32(GDTR_LIMIT, 0xffff);
  memory.setU32(IDTR_LIMIT, 0xffff);
  memory.setU16(X87_CONTROL, 0x40); // FCW
  memory.setU32(X87_TAGS, 0xff); // all registers hold +0.0
  memory.setU16(X87_CONTROL + 2, 0); // FSW
  memory.setU32(IGNNE, 0);
  memory.setU32(X87_CONTROL + 4, 0x1f80); // MXCSR
  for (let segment = Segment.ES; segment <= Segment.TR; segment++) resetSegment(memory, segment);
}

function resetSegment(memory: LinearMemory, segment: Segment): void {
  const cache = SEGMENTS + segment * SEGMENT_SIZE_BYTES;
  const isCode = segment === Segment.CS;
  memory.setU64(cache + SEGMENT_BASE, isCode ? 0xffff0000n : 0n);
  memory.setU32(cache + SEGMENT_LIMIT, 0xffff);
  memory.setU32(cache + SEGMENT_SELECTOR, isCode ? 0xf000 : 0);
  memory.setU32(cache + SEGMENT_UNUSABLE, 0);
  let attributes = DATA_ATTRIBUTES;
  if (segment === Segment.LDTR) attributes = LDT_ATTRIBUTES;
  if (segment === Segment.TR) attributes = BUSY_TSS_ATTRIBUTES;
  memory.setU32(cache + SEGMENT_ATTRIBUTES, attributes);
}
