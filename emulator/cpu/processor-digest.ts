/**
 * The register state as a whole: hashed for comparisons of runs, copied for proofs that a loop changes nothing.
 * RFLAGS is taken as an image: how the core keeps the arithmetic flags plays no part.
 */
import {
  A20_MASKED,
  CR0,
  IGNNE,
  IA32_STAR,
  INTERRUPT_SHADOW,
  MTRR_REGISTERS,
  NMI_PENDING,
  PDPTE_REGISTERS,
  REGISTERS,
  RIP,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
} from '../isa/state-layout.js';
import type { LinearMemory } from './linear-memory.js';

/** Spans of linear memory {address, bytes} that make up the architectural state, RFLAGS aside. */
const STATE_SPANS: readonly (readonly [number, number])[] = [
  [REGISTERS, 16 * 8],
  [RIP, 8],
  [CR0, INTERRUPT_SHADOW + 4 - CR0], // control and debug registers, EFER, CPL, mode, GDTR, IDTR, shadow
  [A20_MASKED, 4],
  [IGNNE, 4],
  [NMI_PENDING, 8], // and NMI_BLOCKED
  [SEGMENTS, 8 * SEGMENT_SIZE_BYTES],
  [IA32_STAR, PDPTE_REGISTERS + 4 * 8 - IA32_STAR], // MSRs, x87 control state, XCR0, PDPTEs
  [MTRR_REGISTERS, 27 * 8],
  [VECTOR_REGISTERS, 16 * VECTOR_REGISTER_BYTES],
  [X87_TAGS, X87_REGISTERS + 8 * X87_REGISTER_BYTES - X87_TAGS],
];

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a over 32-bit words of the state, `rflags` and the text's UTF-16 code units. */
export function hashRegisters(memory: LinearMemory, rflags: bigint, extraText: string): bigint {
  let hash = FNV_OFFSET;
  const mix = (value: bigint): void => {
    hash = BigInt.asUintN(64, (hash ^ value) * FNV_PRIME);
  };
  for (const [address, bytes] of STATE_SPANS) {
    for (let at = address; at < address + bytes; at += 4) mix(BigInt(memory.u32(at)));
  }
  mix(rflags);
  for (let index = 0; index < extraText.length; index++) {
    mix(BigInt(extraText.charCodeAt(index)));
  }
  return hash;
}

/** Spans that a loop without effect leaves unchanged, and that ordinary instructions can change. */
const LOOP_SPANS: readonly (readonly [number, number])[] = [
  [REGISTERS, 16 * 8],
  [RIP, 8],
  [CR0, INTERRUPT_SHADOW + 4 - CR0],
  [X87_CONTROL, 8], // MXCSR
  [VECTOR_REGISTERS, 16 * VECTOR_REGISTER_BYTES],
  [X87_TAGS, X87_REGISTERS + 8 * X87_REGISTER_BYTES - X87_TAGS],
];
const SELECTOR_COUNT = 8;
const RFLAGS_WORDS = 2;

/** 32-bit words that copyLoopState writes. */
export const LOOP_STATE_WORDS =
  LOOP_SPANS.reduce((words, [, bytes]) => words + bytes / 4, 0) + SELECTOR_COUNT + RFLAGS_WORDS;

/** 32-bit words that copyLoopRegisters writes. */
export const LOOP_REGISTER_WORDS = (16 * 8 + 8) / 4;

/** The general-purpose registers and RIP. */
export function copyLoopRegisters(memory: LinearMemory, into: Uint32Array): void {
  memory.copyWords(REGISTERS, 16 * 8, into, 0);
  memory.copyWords(RIP, 8, into, (16 * 8) / 4);
}

export function copyLoopState(memory: LinearMemory, rflags: bigint, into: Uint32Array): void {
  let place = 0;
  for (const [address, bytes] of LOOP_SPANS) {
    memory.copyWords(address, bytes, into, place);
    place += bytes / 4;
  }
  for (let segment = 0; segment < SELECTOR_COUNT; segment++) {
    into[place++] = memory.u32(SEGMENTS + segment * SEGMENT_SIZE_BYTES + SEGMENT_SELECTOR);
  }
  into[place++] = Number(rflags & 0xffff_ffffn);
  into[place] = Number(rflags >> 32n);
}
