/**
 * MOV to and from control registers, with the consistency checks that guard mode switches.
 * Source: SDM Vol. 2B, "MOV—Move to/from Control Registers"; Vol. 3A, "Control Registers", "Initializing IA-32e Mode".
 */
import {
  CPL,
  CpuMode,
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  ExitReason,
  IA32_EFER,
  MODE,
  PDPTE_REGISTERS,
  SEGMENT_SELECTOR,
  TraceKind,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { breakpointsChanged } from './breakpoints';
import {
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_LA57,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CR4_VME,
  EFER_LMA,
  EFER_LME,
  cr0,
  cr4,
  efer,
} from './control-bits';
import {
  FEATURE_DE,
  FEATURE_FSGSBASE,
  FEATURE_FXSR,
  FEATURE_LA57,
  FEATURE_MCE,
  FEATURE_PAE,
  FEATURE_PCID,
  FEATURE_PGE,
  FEATURE_PSE,
  FEATURE_SMAP,
  FEATURE_SMEP,
  FEATURE_SSE,
  FEATURE_TSC,
  FEATURE_UMIP,
  FEATURE_VME,
  FEATURE_XSAVE,
  offers,
} from './cpuid';
import { faulted, GP, raise, raisePlain, UD } from './exceptions';
import { writeTaskPriority } from './host';
import { ATTRIBUTE_L, recomputeMode, segmentAttributes, segmentCache } from './mode';
import { physicalBits, PTE_P } from './page-walk';
import { readPhysicalWord } from './physical-access';
import { requestExit } from './exit-request';
import { markTables } from './table-frames';
import { TIMED } from './timed';
import { invalidateTranslations } from './tlb';
import { report } from './tracing';

const CR0_DEFINED: u64 =
  CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
/** Bits whose change makes cached translations wrong, global ones included. */
const CR0_TRANSLATION: u64 = CR0_PE | CR0_PG | CR0_WP;
const CR4_TRANSLATION: u64 =
  CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_LA57;
/** Bits whose change reloads the PDPTE registers. */
const CR0_PDPTE: u64 = CR0_PG | CR0_CD | CR0_NW;
const CR4_PDPTE: u64 = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP;
/** PDPTE bits 2:1 and 8:5 are reserved. */
const PDPTE_RESERVED: u64 = 0x1e6;
const CR3_NO_FLUSH: u64 = 1 << 63;

/** The control register's value; #UD where there is no such register, #GP(0) above CPL 0. */
export function readControlRegister(number: u32): u64 {
  if (!exists(number)) raisePlain(UD);
  else if (load<u32>(CPL) != 0) raise(GP, 0);
  if (faulted()) return 0;
  if (number == 0) return load<u64>(CR0);
  if (number == 2) return load<u64>(CR2);
  if (number == 3) return load<u64>(CR3);
  return number == 4 ? load<u64>(CR4) : load<u64>(CR8);
}

/** MOV CRn; `value` is zero-extended from 32 bits outside 64-bit mode. */
export function writeControlRegister(number: u32, value: u64): void {
  if (!exists(number)) raisePlain(UD);
  else if (load<u32>(CPL) != 0) raise(GP, 0);
  if (faulted()) return;
  report(TraceKind.ControlRegister, number, value);
  if (number == 0) writeCr0(value);
  else if (number == 2) store<u64>(CR2, value);
  else if (number == 3) writeCr3(value);
  else if (number == 4) writeCr4(value);
  else if (value >> 4 != 0) raise(GP, 0);
  else {
    store<u64>(CR8, value);
    requestExit(ExitReason.Io);
    writeTaskPriority(u32(value));
  }
}

function exists(number: u32): bool {
  return number == 0 || number == 2 || number == 3 || number == 4 || number == 8;
}

/** Sets CR0; also for LMSW and CLTS. */
function writeCr0(value: u64): void {
  const old = load<u64>(CR0);
  const next = (value & CR0_DEFINED) | CR0_ET;
  if (value >> 32 != 0 || !cr0Consistent(next)) {
    raise(GP, 0);
    return;
  }
  let nextEfer = load<u64>(IA32_EFER);
  if ((old ^ next) & CR0_PG) {
    if ((next & CR0_PG) != 0 && (nextEfer & EFER_LME) != 0) {
      if (!longModePossible()) raise(GP, 0);
      nextEfer |= EFER_LMA;
    } else if ((next & CR0_PG) == 0) {
      if (load<u32>(MODE) == CpuMode.Long || cr4(CR4_PCIDE)) raise(GP, 0);
      nextEfer &= ~EFER_LMA;
    }
  }
  if (faulted()) return;
  const paePaging = (next & CR0_PG) != 0 && cr4(CR4_PAE) && (nextEfer & EFER_LMA) == 0;
  if (paePaging && ((old ^ next) & CR0_PDPTE) != 0) loadPdptes(load<u64>(CR3));
  if (faulted()) return;
  store<u64>(CR0, next);
  store<u64>(IA32_EFER, nextEfer);
  if (((old ^ next) & CR0_TRANSLATION) != 0) translationsChanged(false);
  recomputeMode();
}

function cr0Consistent(value: u64): bool {
  if ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) return false;
  return (value & CR0_NW) == 0 || (value & CR0_CD) != 0;
}

/** Whether paging may be switched on with EFER.LME = 1: PAE set, CS not 64-bit, TR not a 16-bit TSS. */
function longModePossible(): bool {
  if (!cr4(CR4_PAE) || (segmentAttributes(Segment.CS) & ATTRIBUTE_L) != 0) return false;
  const narrowTss = (segmentAttributes(Segment.TR) & 8) == 0;
  return !narrowTss || load<u32>(segmentCache(Segment.TR), SEGMENT_SELECTOR) == 0;
}

/** Sets CR3; #GP(0) for reserved bits, there or in the PDPTEs. Also for task switches. */
export function writeCr3(value: u64): void {
  let next = value;
  if (cr4(CR4_PCIDE)) next &= ~CR3_NO_FLUSH;
  if (next >> physicalBits() != 0) {
    raise(GP, 0);
    return;
  }
  if (cr0(CR0_PG) && cr4(CR4_PAE) && !efer(EFER_LMA)) loadPdptes(next);
  if (faulted()) return;
  store<u64>(CR3, next);
  // Translations of other PCIDs are not kept, so the no-flush bit asks for nothing that could be given.
  translationsChanged(true);
}

function translationsChanged(keepGlobal: bool): void {
  invalidateTranslations(keepGlobal);
  if (TIMED) markTables();
}

/** CR4 bits that this processor has, as CPUID says. */
function cr4Defined(): u64 {
  let bits = CR4_PCE;
  if (offers(FEATURE_VME)) bits |= CR4_VME | CR4_PVI;
  if (offers(FEATURE_TSC)) bits |= CR4_TSD;
  if (offers(FEATURE_DE)) bits |= CR4_DE;
  if (offers(FEATURE_PSE)) bits |= CR4_PSE;
  if (offers(FEATURE_PAE)) bits |= CR4_PAE;
  if (offers(FEATURE_MCE)) bits |= CR4_MCE;
  if (offers(FEATURE_PGE)) bits |= CR4_PGE;
  if (offers(FEATURE_FXSR)) bits |= CR4_OSFXSR;
  if (offers(FEATURE_SSE)) bits |= CR4_OSXMMEXCPT;
  if (offers(FEATURE_UMIP)) bits |= CR4_UMIP;
  if (offers(FEATURE_LA57)) bits |= CR4_LA57;
  if (offers(FEATURE_FSGSBASE)) bits |= CR4_FSGSBASE;
  if (offers(FEATURE_PCID)) bits |= CR4_PCIDE;
  if (offers(FEATURE_XSAVE)) bits |= CR4_OSXSAVE;
  if (offers(FEATURE_SMEP)) bits |= CR4_SMEP;
  if (offers(FEATURE_SMAP)) bits |= CR4_SMAP;
  return bits;
}

function writeCr4(value: u64): void {
  const old = load<u64>(CR4);
  const changed = old ^ value;
  const long = efer(EFER_LMA);
  let bad = (value & ~cr4Defined()) != 0;
  if (long && ((value & CR4_PAE) == 0 || (changed & CR4_LA57) != 0)) bad = true;
  if ((changed & value & CR4_PCIDE) != 0 && (!long || (load<u64>(CR3) & 0xfff) != 0)) bad = true;
  if (bad) {
    raise(GP, 0);
    return;
  }
  const paePaging = cr0(CR0_PG) && (value & CR4_PAE) != 0 && !long;
  if (paePaging && (changed & CR4_PDPTE) != 0) loadPdptes(load<u64>(CR3));
  if (faulted()) return;
  store<u64>(CR4, value);
  if ((changed & CR4_TRANSLATION) != 0) translationsChanged(false);
  recomputeMode();
  if ((changed & CR4_DE) != 0) breakpointsChanged();
}

/** Loads the PDPTE registers from the table at `cr3`; #GP(0), and nothing loaded, when a reserved bit is set. */
function loadPdptes(cr3: u64): void {
  const reserved = PDPTE_RESERVED | (~(<u64>0) << physicalBits());
  const table = cr3 & 0xffffffe0;
  for (let index: u32 = 0; index < 4; index++) {
    const entry = readPhysicalWord(table + (index << 3), 8);
    if ((entry & PTE_P) != 0 && (entry & reserved) != 0) {
      raise(GP, 0);
      return;
    }
  }
  for (let index: u32 = 0; index < 4; index++) {
    store<u64>(PDPTE_REGISTERS + (index << 3), readPhysicalWord(table + (index << 3), 8));
  }
}

/** LMSW: PE (set only), MP, EM, TS from the low bits of `value`. */
export function doorLmsw(value: u64): void {
  if (load<u32>(CPL) != 0) {
    raise(GP, 0);
    return;
  }
  const old = load<u64>(CR0);
  writeCr0((old & ~(CR0_MP | CR0_EM | CR0_TS)) | (value & (CR0_PE | CR0_MP | CR0_EM | CR0_TS)));
}

export function doorClts(): void {
  if (load<u32>(CPL) != 0) raise(GP, 0);
  else store<u64>(CR0, load<u64>(CR0) & ~CR0_TS);
}
