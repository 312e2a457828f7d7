/**
 * Model-specific registers whose owner is the local APIC, which the host models: IA32_APIC_BASE, IA32_TSC_DEADLINE and
 * the x2APIC's 800H to 8FFH. Each access may move interrupts, so the run ends behind it.
 * Source: SDM Vol. 3A, "Local APIC Status and Location", "x2APIC State Transitions", "TSC-Deadline Mode".
 */
import { ExitReason, IA32_APIC_BASE, MSR_REFUSED } from '../../isa/state-layout';
import { FEATURE_APIC, FEATURE_TSC_DEADLINE, FEATURE_X2APIC, offers } from './cpuid';
import { platformRead, platformWrite } from './host';
import { physicalBits } from './page-walk';
import { requestExit } from './exit-request';

export const MSR_APIC_BASE: u32 = 0x1b;
const MSR_TSC_DEADLINE: u32 = 0x6e0;
const MSR_X2APIC: u32 = 0x800;
const X2APIC_REGISTERS: u32 = 0x100;

const BASE_BSP: u64 = 1 << 8;
const BASE_EXTD: u64 = 1 << 10;
const BASE_EN: u64 = 1 << 11;
const BASE_ADDRESS: u64 = ~(<u64>0xfff);

/** Whether the register is one that the host answers for; IA32_APIC_BASE is not: its value lies with the processor. */
export function isPlatformMsr(msr: u32): bool {
  if (msr == MSR_TSC_DEADLINE) return offers(FEATURE_TSC_DEADLINE);
  return msr - MSR_X2APIC < X2APIC_REGISTERS && offers(FEATURE_X2APIC);
}

/** The register's value; `platformRefused` afterwards: #GP(0). */
export function readPlatformMsr(msr: u32): u64 {
  store<u32>(MSR_REFUSED, 0);
  requestExit(ExitReason.Io);
  return platformRead(msr);
}

/** As readPlatformMsr. */
export function writePlatformMsr(msr: u32, value: u64): void {
  store<u32>(MSR_REFUSED, 0);
  requestExit(ExitReason.Io);
  platformWrite(msr, value);
}

export function platformRefused(): bool {
  return load<u32>(MSR_REFUSED) != 0;
}

/** Tells the host that a register of the processor's own, which matters to the local APIC, has a new value. */
export function reportMsr(msr: u32, value: u64): void {
  requestExit(ExitReason.Io);
  platformWrite(msr, value);
}

/** IA32_APIC_BASE accepts the value: no reserved bit, and a transition that there is. */
export function apicBaseAcceptable(value: u64): bool {
  let defined = BASE_BSP | BASE_EN | (BASE_ADDRESS & (((<u64>1) << physicalBits()) - 1));
  if (offers(FEATURE_X2APIC)) defined |= BASE_EXTD;
  if ((value & ~defined) != 0) return false;
  const mode = value & (BASE_EN | BASE_EXTD);
  const before = load<u64>(IA32_APIC_BASE) & (BASE_EN | BASE_EXTD);
  if (mode == BASE_EXTD) return false;
  if (mode == (BASE_EN | BASE_EXTD)) return before != 0;
  return mode == 0 || before != (BASE_EN | BASE_EXTD);
}

/** Whether there is a local APIC, and so IA32_APIC_BASE. */
export function hasLocalApic(): bool {
  return offers(FEATURE_APIC);
}
