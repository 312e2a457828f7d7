/**
 * The control state of x87: initialise, store and load the control and status words. There is no arithmetic: every other
 * x87 instruction stops the run by name.
 * Source: Intel SDM Vol. 2, FINIT/FNINIT, FSTCW, FSTSW, FLDCW, FCLEX, WAIT; Vol. 3A, "Device Not Available Exception".
 */
import { X87_CONTROL, X87_POINTERS, X87_TAGS } from '../../isa/state-layout';
import { Door, UOP_DST } from '../../isa/uop';
import { CR0_EM, CR0_MP, cr0, CR0_TS } from './control-bits';
import { NM, raisePlain } from './exceptions';
import { executeFxState } from './fx-state';
import { sourceA } from './operations/operand';

const FCW: u32 = X87_CONTROL;
const FSW: u32 = X87_CONTROL + 2;
/** FCW after FNINIT: all exceptions masked, 64-bit precision, round to nearest. */
const FCW_INITIAL: u16 = 0x37f;
const POINTER_BYTES: u32 = 18;

export function executeX87Control(uop: u32, door: i32): void {
  if (door >= Door.Fxsave) {
    executeFxState(uop, door);
    return;
  }
  const blocked = door == Door.Fwait ? cr0(CR0_TS) && cr0(CR0_MP) : cr0(CR0_TS) || cr0(CR0_EM);
  if (blocked) {
    raisePlain(NM);
    return;
  }
  switch (door) {
    case Door.Fninit:
      store<u16>(FCW, FCW_INITIAL);
      store<u8>(X87_TAGS, 0);
      memory.fill(X87_POINTERS, 0, POINTER_BYTES);
      return store<u16>(FSW, 0);
    case Door.Fnstcw:
      return store<u16>(load<u32>(uop, UOP_DST), load<u16>(FCW));
    case Door.Fnstsw:
      return store<u16>(load<u32>(uop, UOP_DST), load<u16>(FSW));
    case Door.Fldcw:
      return store<u16>(FCW, sourceA<u16>(uop));
    case Door.Fnclex:
      // IE DE ZE OE UE PE SF ES and B
      return store<u16>(FSW, load<u16>(FSW) & 0x7f00);
    default:
      return; // FWAIT: no exception can be pending
  }
}
