/**
 * Which i32 values certainly have zeros in the upper half of their 64-bit register, so that widening them to an
 * unsigned 64-bit value costs nothing. Every instruction that writes a 32-bit register clears the upper half.
 * Source: Intel SDM Vol. 1 "General-Purpose Registers in 64-Bit Mode".
 */
import type { IrFunction, Value } from './ir.js';

export type CleanValues = ReadonlySet<Value>;

export function findCleanValues(func: IrFunction): CleanValues {
  const clean = new Set<Value>();
  const phis: Value[] = [];
  for (const block of func.blocks) {
    for (const value of [...block.phis, ...block.values]) {
      if (value.type !== 'i32') continue;
      if (value.op === 'phi') phis.push(value);
      if (!['param', 'call', 'call_indirect', 'wrap'].includes(value.op)) clean.add(value);
    }
  }
  const isClean = (value: Value): boolean => value.isConstant || clean.has(value);
  for (let changed = true; changed;) {
    changed = false;
    for (const phi of phis) {
      if (!clean.has(phi) || phi.args.every(isClean)) continue;
      clean.delete(phi);
      changed = true;
    }
  }
  return clean;
}
