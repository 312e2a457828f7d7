/**
 * The faults on the way to #DF and shutdown, kept for the report.
 * Source: SDM Vol. 3A, "Interrupt 8—Double Fault Exception (#DF)", tables of exception classes.
 */
import {
  CR2,
  FAULT_CHAIN,
  FAULT_CHAIN_COUNT,
  FAULT_CHAIN_RECORD_BYTES,
  MODE,
  SEGMENT_SELECTOR,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { DE, GP, NP, PF, SS, TS } from './exceptions';
import { segmentCache } from './mode';

const RECORDS_MAX: u32 = 4;

export function forgetFaultChain(): void {
  store<u32>(FAULT_CHAIN_COUNT, 0);
}

/** Appends a fault; `stage` is 0 for the instruction's own, 0x100 | vector for one met while delivering that vector. */
export function recordFault(vector: u32, errorCode: u32, rip: u64, stage: u32): void {
  let count = load<u32>(FAULT_CHAIN_COUNT);
  if (count == RECORDS_MAX) {
    // The first and the last ones tell most.
    const second = FAULT_CHAIN + FAULT_CHAIN_RECORD_BYTES;
    memory.copy(
      second,
      second + FAULT_CHAIN_RECORD_BYTES,
      (RECORDS_MAX - 2) * FAULT_CHAIN_RECORD_BYTES,
    );
    count--;
  }
  const at = FAULT_CHAIN + count * FAULT_CHAIN_RECORD_BYTES;
  store<u32>(at, vector);
  store<u32>(at, errorCode, 4);
  store<u64>(at, rip, 8);
  store<u64>(at, load<u64>(CR2), 16);
  store<u32>(at, load<u32>(segmentCache(Segment.CS), SEGMENT_SELECTOR), 24);
  store<u32>(at, load<u32>(MODE), 28);
  store<u32>(at, stage, 32);
  store<u32>(FAULT_CHAIN_COUNT, count + 1);
}

function isContributory(vector: u32): bool {
  return vector == DE || vector == TS || vector == NP || vector == SS || vector == GP;
}

/** Whether `second`, met while delivering `first`, makes a double fault; else the two are handled one after the other. */
export function combineFaults(first: u32, second: u32): bool {
  if (first == PF) return second == PF || isContributory(second);
  return isContributory(first) && isContributory(second);
}
