/**
 * Microcode doors: instructions too complicated for a recipe. `executeDoor` decodes the operands that emulator/isa/uop.ts
 * lists for each `Door` and calls its function. RIP holds the next instruction's address when a door is entered;
 * a door that faults leaves FAULT set and has written nothing architectural.
 */
import { RIP } from '../../isa/state-layout';
import { Door, UOP_DST, UOP_EXTRA, UOP_IMM } from '../../isa/uop';
import { beginInstruction } from './access-log';
import {
  adjustAfterAddition,
  adjustAfterMultiply,
  adjustAfterSubtraction,
  adjustBeforeDivision,
  decimalAdjustAfterAddition,
  decimalAdjustAfterSubtraction,
} from './bcd';
import { doorCpuid } from './cpuid';
import { raisePlain, UD } from './exceptions';
import { callFar, jumpFar, returnFar } from './far-transfer';
import { executeFxState } from './fx-state';
import { clearInterruptFlag, popFlags, pushFlags, setInterruptFlag } from './flag-image';
import { interruptReturn } from './interrupt-return';
import { checkBounds, compareExchangeDouble, flushLine, translateByte } from './memory-doors';
import { doorRdmsr, doorRdpmc, doorRdtsc, doorRdtscp, doorWrmsr } from './msr';
import { sourceA, sourceB } from './operations/operand';
import { portInput, portOutput } from './port-io';
import {
  loadFarPointer,
  loadSegmentRegister,
  popSegmentRegister,
  selectorOf,
} from './segment-registers';
import {
  breakpoint,
  halt,
  interruptOne,
  interruptOverflow,
  softwareInterrupt,
} from './software-interrupts';
import { enterFrame, leaveFrame, popAll, pushAll } from './stack-frames';
import { stringInstruction } from './strings';
import { maskMove } from './vectors/mask-move';
import { maskedLoad, maskedStore } from './vectors/masked-memory';
import { executeSystemDoor, isSystemDoor } from './system-doors';
import { TIMED } from './timed';
import { executeX87 } from './x87/instructions';
import { executeXsave } from './xsave';

/** Executes the door of a Microcode or MicrocodeEnd micro-op; check faulted(). */
export function executeDoor(uop: u32): void {
  if (TIMED) beginInstruction(uop);
  const door = load<i32>(uop, UOP_EXTRA);
  if (door == Door.String) stringInstruction(uop);
  else if (door <= Door.Iret) instructionDoor(uop, door);
  else if (door <= Door.LoadFarPointer) segmentDoor(uop, door);
  else if (isSystemDoor(door)) executeSystemDoor(uop, door);
  else if (door == Door.X87) executeX87(uop);
  else if (door >= Door.Fxsave && door <= Door.Stmxcsr) executeFxState(uop, door);
  else if (door >= Door.Xsave && door <= Door.Xrstors) executeXsave(uop, door);
  else programDoor(uop, door);
}

/** Operand size or other small number in imm. */
function immediate(uop: u32): u32 {
  return load<u32>(uop, UOP_IMM);
}

function instructionDoor(uop: u32, door: i32): void {
  switch (door) {
    case Door.Cpuid:
      return doorCpuid();
    case Door.Rdtsc:
      return doorRdtsc();
    case Door.Rdtscp:
      return doorRdtscp();
    case Door.Rdpmc:
      return doorRdpmc();
    case Door.Rdmsr:
      return doorRdmsr();
    case Door.Wrmsr:
      return doorWrmsr();
    case Door.In:
      return portInput(uop, immediate(uop) >> 3);
    case Door.Out:
      return portOutput(uop, immediate(uop) >> 3);
    case Door.Hlt:
      return halt();
    case Door.Cli:
      return clearInterruptFlag();
    case Door.Sti:
      return setInterruptFlag();
    case Door.Pushf:
      return pushFlags(immediate(uop));
    case Door.Popf:
      return popFlags(immediate(uop));
    case Door.Int:
      return softwareInterrupt(immediate(uop));
    case Door.Int3:
      return breakpoint();
    case Door.Into:
      return interruptOverflow();
    case Door.Int1:
      return interruptOne();
    default:
      return interruptReturn(immediate(uop));
  }
}

function segmentDoor(uop: u32, door: i32): void {
  const imm = immediate(uop);
  switch (door) {
    case Door.JmpFar:
      return jumpFar(u32(sourceB<u16>(uop)), sourceA<u64>(uop), imm);
    case Door.CallFar:
      return callFar(u32(sourceB<u16>(uop)), sourceA<u64>(uop), imm, load<u64>(RIP));
    case Door.RetFar:
      return returnFar(imm & 0xffff, imm >> 16);
    case Door.LoadSegmentRegister:
      return loadSegmentRegister(imm, u32(sourceA<u16>(uop)));
    case Door.StoreSegmentRegister:
      return store<u64>(load<u32>(uop, UOP_DST), u64(selectorOf(imm)));
    case Door.PopSegmentRegister:
      return popSegmentRegister(imm & 0xff, (imm >> 8) & 0xff);
    default:
      return loadFarPointer(uop);
  }
}

/** Doors of application programs. */
function programDoor(uop: u32, door: i32): void {
  const imm = immediate(uop);
  switch (door) {
    case Door.Enter:
      return enterFrame(u64(imm & 0xffff), (imm >> 16) & 31, imm >> 27);
    case Door.Leave:
      return leaveFrame(imm >> 3);
    case Door.CmpXchgDouble:
      return compareExchangeDouble(uop);
    case Door.Xlat:
      return translateByte(imm & 0xff, imm >> 16);
    case Door.Aaa:
      return adjustAfterAddition();
    case Door.Aas:
      return adjustAfterSubtraction();
    case Door.Daa:
      return decimalAdjustAfterAddition();
    case Door.Das:
      return decimalAdjustAfterSubtraction();
    case Door.Aam:
      return adjustAfterMultiply(imm);
    case Door.Aad:
      return adjustBeforeDivision(imm);
    case Door.Pusha:
      return pushAll(imm >> 3);
    case Door.Popa:
      return popAll(imm >> 3);
    case Door.Bound:
      return checkBounds(uop);
    case Door.Pause:
    case Door.Mfence:
    case Door.Lfence:
    case Door.Sfence:
      return; // one processor, in order: nothing to wait for
    case Door.MaskMove:
      return maskMove(uop);
    case Door.MaskedLoad:
      return maskedLoad(uop);
    case Door.MaskedStore:
      return maskedStore(uop);
    case Door.Clflush:
      return flushLine(uop);
    default:
      // MONITOR, MWAIT, RDRAND, RDSEED, RSM, GETSEC: not offered by CPUID, or only in system-management mode
      return raisePlain(UD);
  }
}
