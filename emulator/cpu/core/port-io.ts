/**
 * IN and OUT. Each access ends the run, because a device's state, or time, may have moved; unless the host has looked and
 * says how many instructions may follow (PORT_ALLOWANCE), or the port only keeps a byte (LATCH_PORT), or reads the same as before
 * (STEADY_ACCESS).
 * Source: Intel SDM Vol. 1, "I/O Privilege Level", "I/O Permission Bit Map".
 */
import {
  EXIT_DETAIL,
  ExitReason,
  FAULT,
  LATCH_PORT,
  LATCH_VALUE,
  LATCH_WRITES_LEFT,
  PORT_ALLOWANCE,
  STEADY_ACCESS,
  STEADY_CYCLES,
  STEADY_VALUE,
  TIMING_DEADLINE,
  TIMING_NOW,
} from '../../isa/state-layout';
import { SystemEvent } from '../../isa/timing-interface';
import { UOP_DST, UOP_IMM } from '../../isa/uop';
import { breakpointsArmed, notePortAccess } from './breakpoints';
import { faulted, GP, raise } from './exceptions';
import { portIn, portOut } from './host';
import { setSlot, sourceA, sourceB } from './operations/operand';
import { allowInstructions, requestExit } from './run-control';
import { ioPermitted } from './task-state';
import { TIMED } from './timed';
import { systemEvent } from './timing';

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
  let value: u32;
  if (readsSteady(port, bytes)) value = load<u32>(STEADY_VALUE);
  else {
    value = readPort(port, bytes);
    goOnIfAllowed();
  }
  const slot = load<u32>(uop, UOP_DST);
  if (bytes == 1) setSlot<u8>(slot, u8(value));
  else if (bytes == 2) setSlot<u16>(slot, u16(value));
  else setSlot<u32>(slot, value);
}

/** Whether the read is one that the host need not hear of: it gives STEADY_VALUE, and its time has passed. */
function readsSteady(port: u32, bytes: u32): bool {
  if (!TIMED) return false;
  if (load<u32>(STEADY_ACCESS) != (port | (bytes << 16)) || breakpointsArmed) return false;
  const duration = u64(load<u32>(STEADY_CYCLES));
  if (load<u64>(TIMING_NOW) + duration >= load<u64>(TIMING_DEADLINE)) return false;
  systemEvent(SystemEvent.PortAccess, duration);
  return true;
}

/** port a ← b */
export function portOutput(uop: u32, bytes: u32): void {
  const port = u32(sourceA<u16>(uop));
  if (portForbidden(port, bytes)) return;
  let value = sourceB<u32>(uop);
  if (bytes == 1) value &= 0xff;
  else if (bytes == 2) value &= 0xffff;
  if (latches(port, bytes, value)) return;
  writePort(port, bytes, value);
  goOnIfAllowed();
}

/** For regions: `portOutput` where that needs no host; returns whether it was done. */
export function portOutputInRegion(uop: u32): bool {
  const port = u32(sourceA<u16>(uop));
  if (load<u32>(LATCH_WRITES_LEFT) == 0 || port != load<u16>(LATCH_PORT)) return false;
  if (ioPermitted(port, 1)) return latches(port, load<u32>(uop, UOP_IMM) >> 3, sourceB<u8>(uop));
  store<u32>(FAULT, 0); // it will be met again
  return false;
}

/** Whether the write is one that the host need not hear of, which is then done. */
function latches(port: u32, bytes: u32, value: u32): bool {
  if (TIMED) return false;
  const left = load<u32>(LATCH_WRITES_LEFT);
  if (left == 0 || bytes != 1 || port != load<u16>(LATCH_PORT) || breakpointsArmed) return false;
  store<u32>(LATCH_WRITES_LEFT, left - 1);
  store<u16>(LATCH_VALUE, u16(value));
  return true;
}
