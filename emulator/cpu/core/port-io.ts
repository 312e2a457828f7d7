/**
 * IN and OUT. Each access ends the run, because a device's state, or time, may have moved; unless the host has looked and
 * says how many instructions may follow (PORT_ALLOWANCE).
 * Source: Intel SDM Vol. 1, "I/O Privilege Level", "I/O Permission Bit Map".
 */
import { EXIT_DETAIL, ExitReason, PORT_ALLOWANCE } from '../../isa/state-layout';
import { UOP_DST } from '../../isa/uop';
import { notePortAccess } from './breakpoints';
import { faulted, GP, raise } from './exceptions';
import { portIn, portOut } from './host';
import { setSlot, sourceA, sourceB } from './operations/operand';
import { allowInstructions, requestExit } from './run-control';
import { ioPermitted } from './task-state';

/** Whether the program may not use the ports (#GP(0) is raised). */
export function portForbidden(port: u32, bytes: u32): bool {
  if (ioPermitted(port, bytes)) return false;
  if (!faulted()) raise(GP, 0);
  return true;
}

/** The value of a port that may be read. */
export function readPort(port: u32, bytes: u32): u32 {
  store<u32>(EXIT_DETAIL, port | (bytes << 16));
  notePortAccess(port, bytes);
  requestExit(ExitReason.Io);
  return portIn(port, bytes);
}

/** Writes to a port that may be written. */
export function writePort(port: u32, bytes: u32, value: u32): void {
  store<u32>(EXIT_DETAIL, port | (bytes << 16));
  notePortAccess(port, bytes);
  requestExit(ExitReason.Io);
  portOut(port, bytes, value);
}

/** The access of an instruction that accesses ports once is done: goes on where the host allows it. */
function goOnIfAllowed(): void {
  const allowance = load<u32>(PORT_ALLOWANCE);
  if (allowance != 0) allowInstructions(allowance);
}

/** dst ← port a */
export function portInput(uop: u32, bytes: u32): void {
  const port = u32(sourceA<u16>(uop));
  if (portForbidden(port, bytes)) return;
  const value = readPort(port, bytes);
  goOnIfAllowed();
  const slot = load<u32>(uop, UOP_DST);
  if (bytes == 1) setSlot<u8>(slot, u8(value));
  else if (bytes == 2) setSlot<u16>(slot, u16(value));
  else setSlot<u32>(slot, value);
}

/** port a ← b */
export function portOutput(uop: u32, bytes: u32): void {
  const port = u32(sourceA<u16>(uop));
  if (portForbidden(port, bytes)) return;
  let value = sourceB<u32>(uop);
  if (bytes == 1) value &= 0xff;
  else if (bytes == 2) value &= 0xffff;
  writePort(port, bytes, value);
  goOnIfAllowed();
}
