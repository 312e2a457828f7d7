/**
 * The x87 instructions: what precedes each (availability, a pending exception), and those that move numbers or change the
 * control state. What computes is in the files beside this one.
 * Source: SDM Vol. 2, the instructions' pages; Vol. 3A, "Interrupt 7—Device Not Available Exception (#NM)", "Interrupt 16—x87
 * FPU Floating-Point Error (#MF)"; Vol. 1, "Software Exception Handling", "x87 FPU Instruction and Data (Operand) Pointers",
 * "MS-DOS* Compatibility Sub-mode". FERR# is asserted at the next waiting instruction, never before.
 */
import { FAULT, FAULT_FERR, IGNNE, REGISTERS, RIP, SEGMENT_BASE } from '../../../isa/state-layout';
import { Segment, UOP_IMM, UOP_LENGTH } from '../../../isa/uop';
import {
  X87,
  X87_MODRM_SHIFT,
  X87_OPCODE_SHIFT,
  X87_OPERATION_SHIFT,
  X87Operand,
} from '../../../isa/x87';
import { CR0_EM, CR0_MP, cr0, CR0_NE, CR0_TS } from '../control-bits';
import { faulted, MF, NM, raisePlain } from '../exceptions';
import { realStyle, segmentCache } from '../mode';
import { readOperand, writeOperand } from '../mmu';
import { sourceA } from '../operations/operand';
import { executeComputation } from './computation';
import { constant } from './constants';
import {
  initialise,
  loadEnvironment,
  recordInstruction,
  recordOperand,
  setControlWord,
  storeEnvironment,
} from './environment';
import {
  converted,
  operandAddress,
  canWrite,
  operandForm,
  readNumber,
  writeConverted,
} from './memory-operand';
import {
  copy,
  indefinite,
  isSignalling,
  noteDenormal,
  OPERAND,
  propagatedOne,
  RESULT,
} from './number';
import {
  begin,
  C1,
  ES,
  FCW,
  FSW,
  isEmpty,
  masked,
  IE,
  pop,
  push,
  recordExceptions,
  refreshSummary,
  resultRefused,
  ROUND_TO_ZERO,
  setCondition,
  setEmpty,
  setRounding,
  setTop,
  setUsed,
  stackAddress,
  stackOverflow,
  stackUnderflow,
  status,
  storeRefused,
  top,
  writeStack,
} from './state';
import { conditionOfMove } from './comparison';

/** An exception is pending: #MF, or FERR#. Also for MMX instructions. */
export function pendingException(): bool {
  if ((status() & ES) == 0) {
    store<u32>(IGNNE, 0); // negated with FERR#
    return false;
  }
  if (cr0(CR0_NE)) raisePlain(MF);
  else if (load<u32>(IGNNE) != 0) return false;
  else store<u32>(FAULT, FAULT_FERR);
  return true;
}

export function executeX87(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const operation = i32(imm >> X87_OPERATION_SHIFT);
  const blocked = operation == X87.FWAIT ? cr0(CR0_TS) && cr0(CR0_MP) : cr0(CR0_TS) || cr0(CR0_EM);
  if (blocked) {
    raisePlain(NM);
    return;
  }
  if (operation >= X87.FWAIT && pendingException()) return;
  if (operation < X87.FNOP) {
    executeControl(uop, operation);
    return;
  }
  const before = status();
  if (operation <= X87.FLDZ) executeMove(uop, operation);
  else executeComputation(uop, operation);
  if (faulted()) {
    store<u16>(FSW, u16(before));
    return;
  }
  const modrm = (imm >> X87_MODRM_SHIFT) & 0xff;
  const opcode = (((imm >> X87_OPCODE_SHIFT) & 7) << 8) | modrm;
  recordInstruction(opcode, pointer(load<u64>(RIP) - u64(load<u8>(uop, UOP_LENGTH)), Segment.CS));
  if (modrm < 0xc0) recordOperand(pointer(sourceA<u64>(uop), imm & 0xff));
}

/** FIP and FDP are offsets; in real-address mode, linear addresses. */
function pointer(offset: u64, segment: u32): u64 {
  return realStyle() ? load<u64>(segmentCache(segment), SEGMENT_BASE) + offset : offset;
}

function executeControl(uop: u32, operation: i32): void {
  switch (operation) {
    case X87.FNINIT:
      return initialise();
    case X87.FNCLEX:
      return store<u16>(FSW, load<u16>(FSW) & 0x7f00);
    case X87.FNSTCW:
      return storeWord(uop, load<u16>(FCW));
    case X87.FNSTSW:
      return storeWord(uop, load<u16>(FSW));
    case X87.FNSTENV:
    case X87.FNSAVE:
      return storeEnvironment(uop, operation == X87.FNSAVE);
    case X87.FLDENV:
    case X87.FRSTOR:
      return loadEnvironment(uop, operation == X87.FRSTOR);
    case X87.FLDCW:
      return loadControlWord(uop);
    default:
      return; // FWAIT; FNENI, FNDISI and FNSETPM do nothing
  }
}

function storeWord(uop: u32, word: u16): void {
  if (operandForm(uop) == X87Operand.Ax) {
    store<u16>(REGISTERS, word);
    return;
  }
  const linear = operandAddress(uop, 2, true);
  if (!faulted()) writeOperand(linear, word, 2);
}

function loadControlWord(uop: u32): void {
  const linear = operandAddress(uop, 2, false);
  if (faulted()) return;
  const word = u32(readOperand(linear, 2));
  if (faulted()) return;
  setControlWord(word);
  refreshSummary();
}

function executeMove(uop: u32, operation: i32): void {
  const index = (load<u32>(uop, UOP_IMM) >> X87_MODRM_SHIFT) & 7;
  switch (operation) {
    case X87.FNOP:
      return;
    case X87.FLD:
      return loadNumber(uop, index);
    case X87.FST:
    case X87.FSTP:
    case X87.FISTTP:
      return storeNumber(uop, operation, index);
    case X87.FXCH:
      return exchange(index);
    case X87.FSTPNCE:
    case X87.FFREE:
    case X87.FFREEP:
    case X87.FINCSTP:
    case X87.FDECSTP:
      setCondition(C1, 0);
      return rearrange(operation, index);
    default:
      if (operation <= X87.FCMOVNU) return moveIf(operation, index);
      begin();
      constant(operation);
      return pushNumber(RESULT);
  }
}

/** What moves or empties registers whatever they hold. */
function rearrange(operation: i32, index: u32): void {
  if (operation == X87.FSTPNCE) {
    if (!isEmpty(0)) {
      copy(stackAddress(index), stackAddress(0));
      setUsed(index);
    }
    pop();
  } else if (operation == X87.FDECSTP) setTop(top() - 1);
  else if (operation == X87.FINCSTP) setTop(top() + 1);
  else {
    setEmpty(index);
    if (operation == X87.FFREEP) pop();
  }
}

/** Pushes the number at `source`, or the indefinite where ST(7) is in use. */
function pushNumber(source: u32): void {
  if (!isEmpty(7)) {
    stackOverflow();
    indefinite();
    if (!recordExceptions(IE)) push(RESULT);
    return;
  }
  // A denormal operand is loaded even where DE is not masked.
  if (!recordExceptions(IE)) push(source);
}

function loadNumber(uop: u32, index: u32): void {
  const form = operandForm(uop);
  if (form == X87Operand.Source) {
    begin();
    if (isEmpty(index)) {
      stackUnderflow();
      indefinite();
      if (!recordExceptions(IE)) push(RESULT);
    } else {
      copy(RESULT, stackAddress(index));
      pushNumber(RESULT);
    }
    return;
  }
  if (!readNumber(uop, form)) return;
  begin();
  if (!isEmpty(7)) {
    pushNumber(OPERAND);
    return;
  }
  // Ten bytes are moved as they are; shorter formats are converted, which an SNaN does not survive.
  if (form == X87Operand.Single || form == X87Operand.Double) {
    noteDenormal(OPERAND);
    if (isSignalling(OPERAND)) {
      propagatedOne(OPERAND);
      copy(OPERAND, RESULT);
    }
  }
  pushNumber(OPERAND);
}

function storeNumber(uop: u32, operation: i32, index: u32): void {
  const form = operandForm(uop);
  begin();
  const empty = isEmpty(0);
  if (empty) stackUnderflow();
  if (form == X87Operand.Source) {
    if (empty) {
      if (recordExceptions(IE)) return;
      indefinite();
    } else copy(RESULT, stackAddress(0));
    writeStack(index, RESULT);
  } else {
    if (operation == X87.FISTTP) setRounding(ROUND_TO_ZERO);
    if (empty) indefinite();
    const value = converted(form, empty ? RESULT : stackAddress(0));
    if (!canWrite(uop, form) || storeRefused() || !writeConverted(uop, form, value)) return;
  }
  if (operation != X87.FST) pop();
}

function exchange(index: u32): void {
  begin();
  const emptyTop = isEmpty(0);
  const emptyOther = isEmpty(index);
  if (emptyTop || emptyOther) {
    stackUnderflow();
    if (recordExceptions(IE)) return;
    indefinite();
    if (emptyTop) writeStack(0, RESULT);
    if (emptyOther) writeStack(index, RESULT);
  }
  copy(RESULT, stackAddress(0));
  copy(stackAddress(0), stackAddress(index));
  copy(stackAddress(index), RESULT);
}

function moveIf(operation: i32, index: u32): void {
  if (isEmpty(0) || isEmpty(index)) {
    begin();
    stackUnderflow();
    indefinite();
    if (!recordExceptions(IE)) writeStack(0, RESULT);
    return;
  }
  if (conditionOfMove(operation)) {
    copy(RESULT, stackAddress(index));
    writeStack(0, RESULT);
  }
}
