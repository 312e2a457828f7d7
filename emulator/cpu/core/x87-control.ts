/**
 * The control state of x87: initialise, store and load the control and status words. There is no arithmetic: every other
 * x87 and SSE instruction, FXSAVE and MXCSR included, stops the run by name.
 * Source: Intel SDM Vol. 2, FINIT/FNINIT, FSTCW, FSTSW, FLDCW, FCLEX, WAIT; Vol. 3A, "Device Not Available Exception".
 */
import { FAULT, FAULT_UNIMPLEMENTED, X87_CONTROL } from '../../isa/state-layout';
import { Door, UOP_DST } from '../../isa/uop';
import { CR0_EM, CR0_MP, cr0, CR0_TS } from './control-bits';
import { NM, raisePlain } from './exceptions';
import { sourceA } from './operations/operand';

const FCW: u32 = X87_CONTROL;
const FSW: u32 = X87_CONTROL + 2;
/** FCW after FNINIT: all exceptions masked, 64-bit precision, round to nearest. */
const FCW_INITIAL: u16 = 0x37f;

export function executeX87Control(uop: u32, door: i32): void {
  if (door >= Door.Fxsave) {
    store<u32>(FAULT, FAULT_UNIMPLEMENTED);
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
