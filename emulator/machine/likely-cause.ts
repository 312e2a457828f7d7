/**
 * What a triple fault most likely comes from, in one sentence, out of the chain of its faults: why the first could not be
 * handled, and what is striking about that fault itself. Nothing is said where nothing is striking.
 */
import { VECTOR_PF, VECTOR_SS } from '../isa/exceptions.js';
import type { FaultRecord } from '../cpu/processor-inspection.js';

export interface CrashState {
  readonly chain: readonly FaultRecord[];
  /** Linear address of the top of the stack. */
  readonly stack: bigint;
  readonly idt: { readonly base: bigint; readonly limit: number };
  /** Bytes of an entry of the IDT: 4 in real mode, 8, and 16 in long mode. */
  readonly gateBytes: number;
}

/** #TS, #NP, #SS, #GP: bit 1 of the error code says that it names an entry of the IDT. [SDM-3A "Error Code"] */
const SELECTOR_FAULTS: ReadonlySet<number> = new Set([10, 11, 12, 13]);
const ERROR_CODE_IDT = 2;
const ERROR_CODE_INDEX_SHIFT = 3;
/** Of a page fault's error code. [SDM-3A "Page-Fault Exceptions"] */
const PAGE_FAULT_PRESENT = 1;
const PAGE_FAULT_RESERVED = 8;
/** What an exception pushes, and what a function's frame may reach beyond it. */
const NEAR_STACK_BYTES = 512n;
const NULL_PAGE_BYTES = 0x1000n;
const ADDRESS_BITS = 64;

const NO_IDT = 'no IDT is loaded (its limit is 0)';

/** `likely cause: …`, or null. */
export function likelyCause(state: CrashState): string | null {
  const [first, second] = state.chain;
  if (first === undefined) return null;
  const itself = ofFault(first, state);
  const delivery = second === undefined ? null : ofDelivery(second, state);
  const parts = [itself, delivery].filter((part) => part !== null);
  return parts.length === 0 ? null : `likely cause: ${[...new Set(parts)].join('; ')}`;
}

function ofFault(fault: FaultRecord, state: CrashState): string | null {
  const { vector, cr2, rip, errorCode } = fault;
  // INT n without a gate is a fault of its own.
  const gate = gateOf(fault);
  if (gate !== null) return gateCause(gate, state);
  if (vector === VECTOR_SS) return stackCause(state);
  if (vector !== VECTOR_PF) return null;
  const code = errorCode ?? 0;
  if ((code & PAGE_FAULT_RESERVED) !== 0) {
    return 'CR3, or an entry of a page table, points to what is no page table (a reserved bit is set)';
  }
  if ((code & PAGE_FAULT_PRESENT) !== 0) return null;
  if (cr2 === rip) {
    return 'there is no code: a jump, call or return went to a wrong address, or the page tables lack the kernel itself';
  }
  if (isNearStack(cr2, state)) return stackCause(state);
  return cr2 < NULL_PAGE_BYTES ? `a null pointer (CR2 0x${cr2.toString(16)})` : null;
}

/** Why the first fault could not be delivered, which was met with `second`. */
function ofDelivery(second: FaultRecord, state: CrashState): string | null {
  const { base, limit } = state.idt;
  if (limit === 0) return NO_IDT;
  const gate = gateOf(second);
  if (gate !== null) return gateCause(gate, state);
  if (second.vector === VECTOR_SS) return stackCause(state);
  if (second.vector !== VECTOR_PF) return null;
  if (second.cr2 >= base && second.cr2 <= base + BigInt(limit)) {
    return `the IDT at 0x${base.toString(16)} is not mapped`;
  }
  return isNearStack(second.cr2, state) ? stackCause(state) : null;
}

/** The entry of the IDT that a fault's error code names, or null. */
export function gateOf({ vector, errorCode }: FaultRecord): number | null {
  const code = SELECTOR_FAULTS.has(vector) ? (errorCode ?? 0) : 0;
  return (code & ERROR_CODE_IDT) === 0 ? null : code >> ERROR_CODE_INDEX_SHIFT;
}

function gateCause(entry: number, { idt, gateBytes }: CrashState): string {
  if (idt.limit === 0) return NO_IDT;
  const table = `the IDT at 0x${idt.base.toString(16)}`;
  const isBeyond = (entry + 1) * gateBytes - 1 > idt.limit;
  return isBeyond
    ? `${table} ends before entry ${entry} (limit 0x${idt.limit.toString(16)})`
    : `entry ${entry} of ${table} is empty or no gate`;
}

function isNearStack(address: bigint, { stack }: CrashState): boolean {
  const distance = BigInt.asIntN(ADDRESS_BITS, address - stack);
  return distance >= -NEAR_STACK_BYTES && distance < NEAR_STACK_BYTES;
}

function stackCause({ stack }: CrashState): string {
  return `there is no memory for the stack at 0x${stack.toString(16)}: it ran over its end, or was never set up`;
}
