/**
 * String instructions, single and repeated.
 * Source: Intel SDM Vol. 2, MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS, "REP/REPE/REPZ/REPNE/REPNZ".
 *
 * Registers are advanced after each iteration, so a fault shows the iterations done. A repeated instruction that is not
 * finished after some work leaves RIP on itself and the run ends with ExitReason.Pause; when it goes on, it counts as one
 * more retired instruction. A long MOVS or STOS in ascending order goes in chunks (string-chunks.ts).
 */
import { ExitReason, RFLAGS_REST, RIP } from '../../isa/state-layout';
import { Segment, StringKind, UOP_IMM } from '../../isa/uop';
import { resumeRepeated } from './breakpoints';
import { faulted } from './exceptions';
import { RFLAGS_DF, zeroFlag } from './flags';
import { probeWriteLinear, readExplicit, writeExplicit } from './mmu';
import { alignmentChecked } from './mode';
import { ripOf } from './near-transfer';
import { subtract } from './operations/arithmetic';
import { setSlot, SLOT_RAX, SLOT_RCX, SLOT_RDI, SLOT_RDX, SLOT_RSI } from './operations/operand';
import { portForbidden, readPort, writePort } from './port-io';
import { executesAlone, requestExit } from './run-control';
import { linearAddress } from './segmentation';
import { moveChunk, moveChunkDown, storeChunk } from './string-chunks';
import { TIMED } from './timed';
import { noteString } from './timed-run';

/** Iterations, or chunks, that one execution does at most. */
const ITERATIONS_MAX: u32 = 65536;
const CHUNKS_MAX: u32 = 4096;
/** From this many elements on a chunk is worth looking for. */
const CHUNK_ELEMENTS_MIN: u64 = 8;

export const REPEAT_WHILE_ZERO: u32 = 1;
const REPEAT_WHILE_NOT_ZERO: u32 = 2;

/** The instruction in work, out of the door's description. */
export let kind: i32 = 0;
export let bytes: u32 = 1;
/** log2 of `bytes` */
export let bytesLog2: u32 = 0;
export let repeat: u32 = 0;
export let sourceSegment: u32 = 0;
export let addressMask: u64 = 0;
/** Distance to the next element: the element's size, or its negative when DF = 1. */
export let step: u64 = 0;

/** Executes the string instruction of the micro-op; check faulted(). */
export function stringInstruction(uop: u32): void {
  describe(uop);
  if (TIMED) executeLogged(uop);
  else execute(uop);
}

/** Takes the instruction's description out of the micro-op.
 * @inline */
export function describe(uop: u32): void {
  const description = load<u32>(uop, UOP_IMM);
  kind = i32(description & 15);
  bytesLog2 = (description >> 4) & 3;
  bytes = 1 << bytesLog2;
  repeat = (description >> 6) & 3;
  sourceSegment = (description >> 8) & 7;
  addressMask = ~u64(0) >> u64(64 - (16 << ((description >> 12) & 3)));
  step = load<u32>(RFLAGS_REST) & RFLAGS_DF ? 0 - u64(bytes) : u64(bytes);
}

/** @inline */
function execute(uop: u32): void {
  if (repeat == 0) iterate();
  else repeatInstruction(uop);
}

/** The timed core logs what was done as a whole, not element by element. */
function executeLogged(uop: u32): void {
  const source = load<u64>(SLOT_RSI) & addressMask;
  const target = load<u64>(SLOT_RDI) & addressMask;
  const count = countRegister();
  execute(uop);
  if (faulted()) return;
  const elements = repeat == 0 ? 1 : count - countRegister();
  noteString(kind, sourceSegment, source, target, bytes, elements, i64(step) < 0);
}

function repeatInstruction(uop: u32): void {
  if (countRegister() == 0) return;
  const finished = kind >= StringKind.Ins ? repeatOnce() : repeatMany();
  if (finished || faulted()) return;
  store<u64>(RIP, ripOf(uop));
  resumeRepeated();
}

/** One iteration (an I/O port is accessed: the run ends anyway); whether the instruction is finished. */
function repeatOnce(): bool {
  iterate();
  return !faulted() && (countDown(1) || conditionEnds());
}

/** Iterations until the instruction is finished (true), has faulted, or has done enough for now. */
function repeatMany(): bool {
  if (executesAlone()) return repeatOnce();
  // Chunks check no alignment.
  const chunked =
    !alignmentChecked && (kind == StringKind.Movs || (kind == StringKind.Stos && ascends()));
  let chunksLeft = CHUNKS_MAX;
  for (let left = ITERATIONS_MAX; left != 0; left--) {
    if (chunked && countRegister() >= CHUNK_ELEMENTS_MIN) {
      const done = chunk();
      if (faulted()) return false;
      if (done != 0) {
        if (countDown(done)) return true;
        if (--chunksLeft == 0) break;
        continue;
      }
    }
    iterate();
    if (faulted()) return false;
    if (countDown(1) || conditionEnds()) return true;
  }
  requestExit(ExitReason.Pause);
  return false;
}

/** DF = 0
 * @inline */
export function ascends(): bool {
  return i64(step) > 0;
}

/** Moves or stores many elements at once; returns how many, 0 when that is not possible here. */
function chunk(): u64 {
  const di = load<u64>(SLOT_RDI) & addressMask;
  const si = load<u64>(SLOT_RSI) & addressMask;
  const move = kind == StringKind.Movs;
  const elements = min(countRegister(), elementsToWrap(di, move ? si : di));
  if (elements == 0) return 0;
  let done: u64;
  if (!move) done = storeChunk(di, elements, bytes);
  else if (ascends()) done = moveChunk(sourceSegment, si, di, elements, bytes);
  else done = moveChunkDown(sourceSegment, si, di, elements, bytes);
  if (done == 0) return 0;
  const distance = done * step;
  setAddress(SLOT_RDI, di + distance);
  if (move) setAddress(SLOT_RSI, si + distance);
  return done;
}

/** Elements from offsets `a` and `b` on of which none wraps around. */
function elementsToWrap(a: u64, b: u64): u64 {
  const above = addressMask - max(a, b);
  if (ascends()) return above / u64(bytes);
  return above < u64(bytes) - 1 ? 0 : min(a, b) / u64(bytes) + 1;
}

/** REPE and REPNE end CMPS and SCAS by ZF too. */
function conditionEnds(): bool {
  if (kind != StringKind.Cmps && kind != StringKind.Scas) return false;
  if (repeat == REPEAT_WHILE_ZERO) return !zeroFlag();
  return repeat == REPEAT_WHILE_NOT_ZERO && zeroFlag();
}

/** rCX in the width of the address size.
 * @inline */
export function countRegister(): u64 {
  return load<u64>(SLOT_RCX) & addressMask;
}

/** Takes `iterations` off the count register; whether it is 0 now. */
function countDown(iterations: u64): bool {
  const count = countRegister() - iterations;
  setAddress(SLOT_RCX, count);
  return count == 0;
}

/** Writes rSI, rDI or rCX in the width of the address size.
 * @inline */
export function setAddress(slot: u32, value: u64): void {
  if (addressMask == 0xffff) setSlot<u16>(slot, u16(value));
  else store<u64>(slot, value & addressMask);
}

function advance(slot: u32): void {
  setAddress(slot, load<u64>(slot) + step);
}

/** Linear address of the element at segment:rSI; check faulted(). */
function sourceElement(): u64 {
  return linearAddress(sourceSegment, load<u64>(SLOT_RSI) & addressMask, bytes, false);
}

/** Linear address of the element at ES:rDI; check faulted(). */
function destinationElement(write: bool): u64 {
  return linearAddress(Segment.ES, load<u64>(SLOT_RDI) & addressMask, bytes, write);
}

/** One iteration, count register aside; check faulted(). */
function iterate(): void {
  switch (kind) {
    case StringKind.Movs:
      return moveElement();
    case StringKind.Cmps:
      return compareElements();
    case StringKind.Stos:
      return storeElement();
    case StringKind.Lods:
      return loadElement();
    case StringKind.Scas:
      return scanElement();
    case StringKind.Ins:
      return inputElement();
    default:
      return outputElement();
  }
}

function moveElement(): void {
  const source = sourceElement();
  if (faulted()) return;
  const value = readExplicit(source, bytes);
  if (faulted()) return;
  const target = destinationElement(true);
  if (faulted()) return;
  writeExplicit(target, value, bytes);
  if (faulted()) return;
  advance(SLOT_RSI);
  advance(SLOT_RDI);
}

/** The SDM leaves the order of the two loads open; AMD's processors (family 19h) read ES:rDI first. */
function compareElements(): void {
  const target = destinationElement(false);
  if (faulted()) return;
  const b = readExplicit(target, bytes);
  if (faulted()) return;
  const source = sourceElement();
  if (faulted()) return;
  const a = readExplicit(source, bytes);
  if (faulted()) return;
  compare(a, b);
  advance(SLOT_RSI);
  advance(SLOT_RDI);
}

function storeElement(): void {
  const target = destinationElement(true);
  if (faulted()) return;
  writeExplicit(target, load<u64>(SLOT_RAX), bytes);
  if (!faulted()) advance(SLOT_RDI);
}

function loadElement(): void {
  const source = sourceElement();
  if (faulted()) return;
  const value = readExplicit(source, bytes);
  if (faulted()) return;
  setElement(value);
  advance(SLOT_RSI);
}

function scanElement(): void {
  const target = destinationElement(false);
  if (faulted()) return;
  const value = readExplicit(target, bytes);
  if (faulted()) return;
  compare(load<u64>(SLOT_RAX), value);
  advance(SLOT_RDI);
}

function inputElement(): void {
  const port = u32(load<u16>(SLOT_RDX));
  if (portForbidden(port, bytes)) return;
  const target = destinationElement(true);
  if (faulted()) return;
  probeWriteLinear(target, bytes);
  if (faulted()) return;
  writeExplicit(target, u64(readPort(port, bytes)), bytes);
  advance(SLOT_RDI);
}

function outputElement(): void {
  const port = u32(load<u16>(SLOT_RDX));
  if (portForbidden(port, bytes)) return;
  const source = sourceElement();
  if (faulted()) return;
  const value = readExplicit(source, bytes);
  if (faulted()) return;
  writePort(port, bytes, u32(value));
  advance(SLOT_RSI);
}

function setElement(value: u64): void {
  if (bytes == 1) setSlot<u8>(SLOT_RAX, u8(value));
  else if (bytes == 2) setSlot<u16>(SLOT_RAX, u16(value));
  else if (bytes == 4) setSlot<u32>(SLOT_RAX, u32(value));
  else setSlot<u64>(SLOT_RAX, value);
}

/** Flags of a - b in the element's width. */
export function compare(a: u64, b: u64): void {
  if (bytes == 1) subtract<u8>(u8(a), u8(b));
  else if (bytes == 2) subtract<u16>(u16(a), u16(b));
  else if (bytes == 4) subtract<u32>(u32(a), u32(b));
  else subtract<u64>(a, b);
}
