/**
 * Horizontal and alternating arithmetic: HADDxx, HSUBxx, ADDSUBxx, DPPS, DPPD; in each 128 bits by itself.
 * Source: SDM Vol. 2, the instructions' pages. In the dot products each multiplication and each addition is rounded and
 * raises its exceptions in the order that the pages write down.
 */
import { Op, UOP_A, UOP_B, UOP_IMM } from '../../../isa/uop';
import { add, multiply, subtract } from './arithmetic';
import { begin, finish } from './environment';
import { RESULT, vectorBytes, written } from './result';

export function executeHorizontal(uop: u32, op: i32): bool {
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const bytes = vectorBytes(uop);
  const imm = load<u32>(uop, UOP_IMM);
  begin();
  if (op == Op.Dpps) {
    if (dotSingles(a, b, imm, bytes)) return true;
  } else if (op == Op.Dppd) {
    if (dotDoubles(a, b, imm)) return true;
  } else {
    for (let lane: u32 = 0; lane < bytes; lane += 16)
      oneLane(op, a + lane, b + lane, RESULT + lane);
  }
  return written(uop);
}

function oneLane(op: i32, a: u32, b: u32, result: u32): void {
  if (op == Op.Addsubps) alternateSingles(a, b, result);
  else if (op == Op.Addsubpd) {
    store<u64>(result, subtract<u64>(load<u64>(a), load<u64>(b)));
    store<u64>(result + 8, add<u64>(load<u64>(a, 8), load<u64>(b, 8)));
  } else if (op == Op.Haddps || op == Op.Hsubps) {
    for (let at: u32 = 0; at < 8; at += 4) {
      store<u32>(result + at, pairOfSingles(a + 2 * at, op == Op.Haddps));
      store<u32>(result + 8 + at, pairOfSingles(b + 2 * at, op == Op.Haddps));
    }
  } else {
    store<u64>(result, pairOfDoubles(a, op == Op.Haddpd));
    store<u64>(result + 8, pairOfDoubles(b, op == Op.Haddpd));
  }
}

function alternateSingles(a: u32, b: u32, result: u32): void {
  for (let at: u32 = 0; at < 16; at += 4) {
    const x = load<u32>(a + at);
    const y = load<u32>(b + at);
    store<u32>(result + at, u32((at & 4) == 0 ? subtract<u32>(x, y) : add<u32>(x, y)));
  }
}

function pairOfSingles(at: u32, adds: bool): u32 {
  const x = load<u32>(at);
  const y = load<u32>(at, 4);
  return u32(adds ? add<u32>(x, y) : subtract<u32>(x, y));
}

function pairOfDoubles(at: u32, adds: bool): u64 {
  const x = load<u64>(at);
  const y = load<u64>(at, 8);
  return adds ? add<u64>(x, y) : subtract<u64>(x, y);
}

/** The exceptions of the step before: an unmasked one ends the instruction before the next step. */
function stepFaults(): bool {
  if (finish()) return true;
  begin();
  return false;
}

function dotSingles(a: u32, b: u32, imm: u32, bytes: u32): bool {
  for (let at: u32 = 0; at < bytes; at += 4) {
    const counts = ((imm >> 4) >> ((at >> 2) & 3)) & 1;
    store<u32>(
      RESULT + at,
      counts != 0 ? u32(multiply<u32>(load<u32>(a + at), load<u32>(b + at))) : 0,
    );
  }
  if (stepFaults()) return true;
  for (let at: u32 = 0; at < bytes; at += 8) {
    const low = load<u32>(RESULT + at);
    store<u32>(RESULT + at, u32(add<u32>(low, load<u32>(RESULT + at, 4))));
  }
  if (stepFaults()) return true;
  for (let lane: u32 = 0; lane < bytes; lane += 16) {
    const sum = u32(add<u32>(load<u32>(RESULT + lane), load<u32>(RESULT + lane, 8)));
    for (let at: u32 = 0; at < 16; at += 4) {
      store<u32>(RESULT + lane + at, ((imm >> (at >> 2)) & 1) != 0 ? sum : 0);
    }
  }
  return false;
}

function dotDoubles(a: u32, b: u32, imm: u32): bool {
  for (let at: u32 = 0; at < 16; at += 8) {
    const counts = ((imm >> 4) >> (at >> 3)) & 1;
    store<u64>(RESULT + at, counts != 0 ? multiply<u64>(load<u64>(a + at), load<u64>(b + at)) : 0);
  }
  if (stepFaults()) return true;
  const sum = add<u64>(load<u64>(RESULT), load<u64>(RESULT, 8));
  for (let at: u32 = 0; at < 16; at += 8) {
    store<u64>(RESULT + at, ((imm >> (at >> 3)) & 1) != 0 ? sum : 0);
  }
  return false;
}
