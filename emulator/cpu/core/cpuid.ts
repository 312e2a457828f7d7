/**
 * CPUID, answered from CPUID_TABLE, and the features that change what the processor accepts.
 * Source: SDM Vol. 2A, "CPUID—CPU Identification".
 */
import { CPUID_TABLE, IA32_APIC_BASE, REGISTERS, TraceKind, XCR0 } from '../../isa/state-layout';
import { CR4_OSXSAVE, cr4, STATE_AVX, STATE_X87 } from './control-bits';
import { report } from './tracing';

const RECORD_BYTES: u32 = 24;
const ANY_SUBLEAF: u32 = 0xffffffff;
const EXTENDED: u32 = 0x80000000;
/** Extended topology enumeration: ECX[7:0] is the subleaf that was asked for. */
const TOPOLOGY: u32 = 0xb;
const LEAF_XSAVE: u32 = 0xd;

/** Features by what they permit, as bits of the cached word. */
export const FEATURE_PSE: u32 = 1 << 0;
export const FEATURE_PAE: u32 = 1 << 1;
export const FEATURE_PGE: u32 = 1 << 2;
export const FEATURE_PSE36: u32 = 1 << 3;
export const FEATURE_PCID: u32 = 1 << 4;
export const FEATURE_FSGSBASE: u32 = 1 << 5;
export const FEATURE_SMEP: u32 = 1 << 6;
export const FEATURE_SMAP: u32 = 1 << 7;
export const FEATURE_UMIP: u32 = 1 << 8;
export const FEATURE_LA57: u32 = 1 << 9;
export const FEATURE_NX: u32 = 1 << 10;
export const FEATURE_PAGE1GB: u32 = 1 << 11;
export const FEATURE_LONG: u32 = 1 << 12;
export const FEATURE_SYSCALL: u32 = 1 << 13;
export const FEATURE_RDTSCP: u32 = 1 << 14;
export const FEATURE_SEP: u32 = 1 << 15;
export const FEATURE_XSAVE: u32 = 1 << 16;
export const FEATURE_FXSR: u32 = 1 << 17;
export const FEATURE_SSE: u32 = 1 << 18;
export const FEATURE_MCE: u32 = 1 << 19;
export const FEATURE_DE: u32 = 1 << 20;
export const FEATURE_TSC: u32 = 1 << 21;
export const FEATURE_VME: u32 = 1 << 22;
export const FEATURE_INVPCID: u32 = 1 << 24;
export const FEATURE_TSC_DEADLINE: u32 = 1 << 28;
export const FEATURE_X2APIC: u32 = 1 << 29;
export const FEATURE_APIC: u32 = 1 << 30;
const FEATURES_KNOWN: u32 = 1 << 31;

let features: u32 = 0;

/** The host has rewritten CPUID_TABLE. */
export function cpuidChanged(): void {
  features = 0;
}

/** Address of the record for a leaf and subleaf, 0 when the table has none. */
function findRecord(leaf: u32, subleaf: u32): u32 {
  const count = load<u32>(CPUID_TABLE);
  for (let index: u32 = 0; index < count; index++) {
    const at = CPUID_TABLE + 4 + index * RECORD_BYTES;
    const recorded = load<u32>(at, 4);
    if (load<u32>(at) == leaf && (recorded == ANY_SUBLEAF || recorded == subleaf)) return at;
  }
  return 0;
}

/** Register 0 to 3 (EAX, EBX, ECX, EDX) of a record, 0 without one. */
function field(record: u32, register: u32): u32 {
  return record == 0 ? 0 : load<u32>(record + 8 + (register << 2));
}

function pick(word: u32, bit: u32, feature: u32): u32 {
  return ((word >> bit) & 1) != 0 ? feature : 0;
}

function collectFeatures(): u32 {
  const basic = findRecord(1, 0);
  const c = field(basic, 2);
  const d = field(basic, 3);
  const structured = findRecord(7, 0);
  const b7 = field(structured, 1);
  const c7 = field(structured, 2);
  const extended = field(findRecord(0x80000001, 0), 3);
  let found = FEATURES_KNOWN;
  found |=
    pick(d, 1, FEATURE_VME) |
    pick(d, 2, FEATURE_DE) |
    pick(d, 3, FEATURE_PSE) |
    pick(d, 4, FEATURE_TSC);
  found |= pick(d, 6, FEATURE_PAE) | pick(d, 7, FEATURE_MCE) | pick(d, 11, FEATURE_SEP);
  found |= pick(d, 13, FEATURE_PGE) | pick(d, 17, FEATURE_PSE36);
  found |= pick(d, 24, FEATURE_FXSR) | pick(d, 25, FEATURE_SSE);
  found |=
    pick(d, 9, FEATURE_APIC) | pick(c, 21, FEATURE_X2APIC) | pick(c, 24, FEATURE_TSC_DEADLINE);
  found |= pick(c, 17, FEATURE_PCID) | pick(c, 26, FEATURE_XSAVE);
  found |=
    pick(b7, 0, FEATURE_FSGSBASE) |
    pick(b7, 7, FEATURE_SMEP) |
    pick(b7, 10, FEATURE_INVPCID) |
    pick(b7, 20, FEATURE_SMAP);
  found |= pick(c7, 2, FEATURE_UMIP) | pick(c7, 16, FEATURE_LA57);
  found |=
    pick(extended, 11, FEATURE_SYSCALL) |
    pick(extended, 20, FEATURE_NX) |
    pick(extended, 26, FEATURE_PAGE1GB);
  found |= pick(extended, 27, FEATURE_RDTSCP) | pick(extended, 29, FEATURE_LONG);
  return found;
}

/** Whether CPUID offers a FEATURE_. */
export function offers(feature: u32): bool {
  if (features == 0) features = collectFeatures();
  return (features & feature) != 0;
}

/** State components that XCR0 may enable. */
export function offeredComponents(): u32 {
  return offers(FEATURE_XSAVE) ? field(findRecord(LEAF_XSAVE, 0), 0) : STATE_X87;
}

/** Bytes of an XSAVE area with the components that XCR0 enables: AVX's is the last one, behind the header. */
function areaBytes(): u32 {
  const avx = findRecord(LEAF_XSAVE, 2);
  return field(avx, 1) + ((load<u32>(XCR0) & STATE_AVX) != 0 ? field(avx, 0) : 0);
}

/** The leaf that answers for `leaf`: one above the highest of its range gets the highest basic leaf's data. */
function answeringLeaf(leaf: u32): u32 {
  const highestBasic = field(findRecord(0, 0), 0);
  const highest = leaf >= EXTENDED ? field(findRecord(EXTENDED, 0), 0) : highestBasic;
  return leaf > highest ? highestBasic : leaf;
}

/** CPUID: EAX, EBX, ECX, EDX ← leaf EAX, subleaf ECX. */
export function doorCpuid(): void {
  report(TraceKind.Cpuid, (load<u64>(REGISTERS, 8) << 32) | load<u32>(REGISTERS), 0);
  const leaf = answeringLeaf(load<u32>(REGISTERS));
  const record = findRecord(leaf, load<u32>(REGISTERS, 8));
  let b = field(record, 1);
  let c = field(record, 2);
  let d = field(record, 3);
  if (leaf == 1) {
    if (cr4(CR4_OSXSAVE)) c |= 1 << 27;
    if ((load<u64>(IA32_APIC_BASE) & (1 << 11)) == 0) d &= ~(1 << 9);
  }
  if (leaf == TOPOLOGY) c |= load<u8>(REGISTERS, 8);
  if (leaf == LEAF_XSAVE && load<u32>(REGISTERS, 8) < 2 && record != 0) b = areaBytes();
  store<u64>(REGISTERS, field(record, 0)); // RAX
  store<u64>(REGISTERS, b, 24); // RBX
  store<u64>(REGISTERS, c, 8); // RCX
  store<u64>(REGISTERS, d, 16); // RDX
}
