/** Bits of the control registers, of XCR0, of IA32_EFER and of RFLAGS, as the SDM names them. */
import { CR0, CR4, IA32_EFER } from '../../isa/state-layout';

export const CR0_PE: u64 = 1 << 0; // protection enable
export const CR0_MP: u64 = 1 << 1; // monitor coprocessor
export const CR0_EM: u64 = 1 << 2; // emulation
export const CR0_TS: u64 = 1 << 3; // task switched
export const CR0_ET: u64 = 1 << 4; // extension type, reads as 1
export const CR0_NE: u64 = 1 << 5; // numeric error
export const CR0_WP: u64 = 1 << 16; // write protect
export const CR0_AM: u64 = 1 << 18; // alignment mask
export const CR0_NW: u64 = 1 << 29; // not write-through
export const CR0_CD: u64 = 1 << 30; // cache disable
export const CR0_PG: u64 = 1 << 31; // paging

export const CR4_VME: u64 = 1 << 0;
export const CR4_PVI: u64 = 1 << 1;
export const CR4_TSD: u64 = 1 << 2; // RDTSC at CPL 0 only
export const CR4_DE: u64 = 1 << 3;
export const CR4_PSE: u64 = 1 << 4; // 4 MiB pages in 32-bit paging
export const CR4_PAE: u64 = 1 << 5;
export const CR4_MCE: u64 = 1 << 6;
export const CR4_PGE: u64 = 1 << 7; // global pages
export const CR4_PCE: u64 = 1 << 8; // RDPMC at any CPL
export const CR4_OSFXSR: u64 = 1 << 9;
export const CR4_OSXMMEXCPT: u64 = 1 << 10;
export const CR4_UMIP: u64 = 1 << 11; // SGDT SIDT SLDT SMSW STR at CPL 0 only
export const CR4_LA57: u64 = 1 << 12; // 5-level paging
export const CR4_FSGSBASE: u64 = 1 << 16;
export const CR4_PCIDE: u64 = 1 << 17;
export const CR4_OSXSAVE: u64 = 1 << 18;
export const CR4_SMEP: u64 = 1 << 20;
export const CR4_SMAP: u64 = 1 << 21;

/** State components: bits of XCR0 and of XSTATE_BV. */
export const STATE_X87: u32 = 1 << 0;
export const STATE_SSE: u32 = 1 << 1; // XMM registers; MXCSR goes with SSE and AVX
export const STATE_AVX: u32 = 1 << 2; // upper halves of YMM registers

export const EFER_SCE: u64 = 1 << 0; // SYSCALL enable
export const EFER_LME: u64 = 1 << 8;
export const EFER_LMA: u64 = 1 << 10;
export const EFER_NXE: u64 = 1 << 11;

export const RFLAGS_CF: u64 = 1 << 0;
export const RFLAGS_FIXED: u64 = 1 << 1; // always 1
export const RFLAGS_PF: u64 = 1 << 2;
export const RFLAGS_AF: u64 = 1 << 4;
export const RFLAGS_ZF: u64 = 1 << 6;
export const RFLAGS_SF: u64 = 1 << 7;
export const RFLAGS_TF: u64 = 1 << 8;
export const RFLAGS_IF: u64 = 1 << 9;
export const RFLAGS_DF: u64 = 1 << 10;
export const RFLAGS_OF: u64 = 1 << 11;
export const RFLAGS_IOPL: u64 = 3 << 12;
export const RFLAGS_NT: u64 = 1 << 14;
export const RFLAGS_RF: u64 = 1 << 16;
export const RFLAGS_VM: u64 = 1 << 17;
export const RFLAGS_AC: u64 = 1 << 18;
export const RFLAGS_VIF: u64 = 1 << 19;
export const RFLAGS_VIP: u64 = 1 << 20;
export const RFLAGS_ID: u64 = 1 << 21;

/** Bits of EFLAGS that an image may set; RF is not kept. */
export const RFLAGS_DEFINED: u64 = 0x3e7fd5;

/** @inline */
export function cr0(bit: u64): bool {
  return (load<u64>(CR0) & bit) != 0;
}

/** @inline */
export function cr4(bit: u64): bool {
  return (load<u64>(CR4) & bit) != 0;
}

/** @inline */
export function efer(bit: u64): bool {
  return (load<u64>(IA32_EFER) & bit) != 0;
}
