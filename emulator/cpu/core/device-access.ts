/**
 * Loads and stores at the addresses of devices (RamKind.Device).
 *
 * A device wants to know the time, and its answer may raise an interrupt; but within a block neither RETIRED nor the
 * engine's time is exact. So the first attempt raises FAULT_DEVICE, as any fault leaves the instruction without effect, and
 * the instruction is executed again by itself: then its accesses are calls of the host, and the run ends behind it, as it
 * does behind IN and OUT. Device pages are never in the TLB, so every tier comes here.
 *
 * Narrower than silicon: vectors, accesses that cross the end of a page and the pushes of an event's delivery do not reach
 * a device. They read ones, and their stores are lost.
 */
import { EXIT_ADDRESS, ExitReason, FAULT, FAULT_DEVICE } from '../../isa/state-layout';
import { deviceRead, deviceWrite } from './host';
import { requestExit } from './exit-request';

/** Physical address of the last translation when that was a device's and the access may be made; else 0. */
export let deviceAddress: u64 = 0;
/** The next instruction is executed by itself for the sake of a device. */
let turnComes: bool = false;
/** The instruction that is being executed may reach devices. */
let turnIsNow: bool = false;
/** The instruction that begins again needs no turn: it has met no device. */
let needsNoTurn: bool = false;
/** An event is being delivered: no instruction could be executed again. */
let delivering: bool = false;

/** @inline */
export function forgetDevice(): void {
  deviceAddress = 0;
}

/** Notes the device's address `physical`; false, with FAULT_DEVICE raised, when the instruction is not yet by itself. */
export function meetDevice(physical: u64): bool {
  if (delivering) return true;
  if (turnIsNow) {
    deviceAddress = physical;
    return true;
  }
  store<u32>(FAULT, FAULT_DEVICE);
  return false;
}

/** The instruction begins again, after those before it are handed to the timing engine. */
export function beginAgain(): void {
  store<u32>(FAULT, FAULT_DEVICE);
  needsNoTurn = true;
}

/** Whether it begins again for that reason alone. */
export function takeBeginAgain(): bool {
  const taken = needsNoTurn;
  needsNoTurn = false;
  return taken;
}

/** The next instruction may reach devices. */
export function grantDeviceTurn(): void {
  turnComes = true;
}

/** No instruction has met a device yet. */
export function resetDeviceTurn(): void {
  turnComes = false;
  turnIsNow = false;
  needsNoTurn = false;
}

/** An instruction begins: whether it may reach devices. */
export function takeDeviceTurn(): bool {
  turnIsNow = turnComes;
  turnComes = false;
  return turnIsNow;
}

/** Whether a string instruction must stop after one iteration for a device's sake. */
export function deviceTurn(): bool {
  return turnIsNow;
}

export function setDelivering(now: bool): void {
  delivering = now;
}

/** Reads `bytes` bytes at deviceAddress. */
export function readDevice(bytes: u32): u64 {
  store<u64>(EXIT_ADDRESS, deviceAddress);
  requestExit(ExitReason.Io);
  return deviceRead(deviceAddress, bytes);
}

/** Writes the low `bytes` bytes of `value` at deviceAddress. */
export function writeDevice(bytes: u32, value: u64): void {
  store<u64>(EXIT_ADDRESS, deviceAddress);
  requestExit(ExitReason.Io);
  deviceWrite(deviceAddress, bytes, value);
}
