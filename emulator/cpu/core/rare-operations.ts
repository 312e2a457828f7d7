/** Micro-ops without an arm of their own in the interpreter's loop. */
import { Op } from '../../isa/uop';
import { executeArithmetic } from './operations/arithmetic-families';
import { executeBit } from './operations/bit-families';
import { executeBitManipulation } from './operations/bit-manipulation-families';
import { executeMultiplyDivide } from './operations/multiply-families';
import { executeRemaining } from './operations/remaining-families';
import { executeDoubleShift, executeShift } from './operations/shift-families';
import { executeRareMemory } from './rare-memory';

/** Executes one micro-op; returns whether it has faulted. */
export function executeRare(uop: u32): bool {
  const op = i32(load<u16>(uop));
  if (op >= Op.Add8 && op <= Op.Not64) executeArithmetic(uop, op);
  else if (op >= Op.Rol8 && op <= Op.Sar64) executeShift(uop, op);
  else if (op >= Op.Shld16 && op <= Op.Shrd64) executeDoubleShift(uop, op);
  else if (op >= Op.Mul8 && op <= Op.Idiv64) return executeMultiplyDivide(uop, op);
  else if (op >= Op.Bt16 && op <= Op.Popcnt64) executeBit(uop, op);
  else if (op >= Op.Andn32 && op <= Op.Adox64) executeBitManipulation(uop, op);
  else if (op >= Op.LoadSegment8 && op <= Op.Drop) return executeRareMemory(uop, op);
  else executeRemaining(uop, op);
  return false;
}
