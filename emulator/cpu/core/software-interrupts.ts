/**
 * INT n, INT3, INTO, INT1 and HLT. RIP is the next instruction's when these are called.
 * Source: Intel SDM Vol. 2, "INT n/INTO/INT3/INT1", HLT.
 */
import { CPL, ExitReason, RIP } from '../../isa/state-layout';
import { BP, DB, faulted, GP, OF, raise } from './exceptions';
import { overflowFlag } from './flags';
import { deliverSoftwareInterrupt, EventKind } from './interrupt-delivery';
import { forbiddenInVirtual8086 } from './interrupt-return';
import { requestExit, suppressStep } from './run-control';

export function softwareInterrupt(vector: u32): void {
  if (!forbiddenInVirtual8086()) deliver(vector & 0xff, EventKind.Software);
}

export function breakpoint(): void {
  deliver(BP, EventKind.Software);
}

export function interruptOverflow(): void {
  if (overflowFlag()) deliver(OF, EventKind.Software);
}

export function interruptOne(): void {
  deliver(DB, EventKind.PrivilegedSoftware);
}

export function halt(): void {
  if (load<u32>(CPL) != 0) raise(GP, 0);
  else requestExit(ExitReason.Halt);
}

function deliver(vector: u32, kind: EventKind): void {
  deliverSoftwareInterrupt(vector, load<u64>(RIP), kind);
  if (!faulted()) suppressStep();
}
