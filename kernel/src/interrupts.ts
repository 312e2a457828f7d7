import { probeStep } from './fault-probe';
import { interruptArrived } from './interrupt-handlers';
import { InterruptFrame, panicOnException } from './panic';
import { windowMap } from './window';
import { x86 } from './x86';

export { interrupt_late } from './processor';

/**
 * The interrupt descriptor table: a gate for each of the 256 vectors, of which the first 32 are the processor's exceptions.
 *
 * A gate [SDM-3A "64-Bit Mode IDT"], two u64:
 *
 *      63            48 47  46:45 44 43:40 39   35 34:32 31             16 15             0
 *     ┌────────────────┬───┬─────┬──┬─────┬───────┬─────┬─────────────────┬────────────────┐
 *  +0 │ offset 31:16   │ P │ DPL │ 0│ type│   0   │ IST │ segment selector│ offset 15:0    │
 *     ├────────────────┴───┴─────┴──┴─────┴───────┴─────┼─────────────────┴────────────────┤
 *  +8 │                        0                        │          offset 63:32            │
 *     └─────────────────────────────────────────────────┴──────────────────────────────────┘
 *
 * Vectors 2, 8 and 18 (NMI, double fault, machine check) run on a stack of their own (IST 1), so that a kernel stack
 * that is used up ends in a panic text and not in a reset.
 */
const VECTORS: u32 = 256;
const GATE_SIZE: usize = 16;
const CODE_SELECTOR: u64 = 0x08;
const TSS_SELECTOR: u32 = 0x18;
const PRESENT_INTERRUPT_GATE: u64 = 0x8e00;
const VECTOR_NMI: u32 = 2;
const VECTOR_DF: u32 = 8;
const VECTOR_PF: u64 = 14;
const VECTOR_MC: u32 = 18;
/** Error code bit 0 of a page fault: 0 = the page was not present. */
const PF_PRESENT: u64 = 1;

const gates: usize = memory.data(4096, 16);
const pseudoDescriptor: usize = memory.data(16);

const EMERGENCY_STACK_SIZE: usize = 4096;
const emergencyStack: usize = memory.data(4096, 16);

/** 64-bit TSS, 104 bytes: only IST 1 (+36) and the I/O map base (+102: none) matter here. */
const TSS_SIZE: u64 = 104;
const TSS_IST1: usize = 36;
const TSS_IO_MAP_BASE: usize = 102;
const taskState: usize = memory.data(104, 16);

/** GDT: null, 0x08 64-bit code, 0x10 data (both as the boot stub has them), 0x18 the TSS (16 bytes). */
const GDT_SIZE: u32 = 40;
const GDT_CODE_64: u64 = 0x00af_9b00_0000_ffff;
const GDT_DATA: u64 = 0x00cf_9300_0000_ffff;
const GDT_AVAILABLE_TSS: u64 = 0x89;
const descriptors: usize = memory.data(40, 16);

export function interruptsInit(): void {
  loadTaskState();
  for (let vector: u32 = 0; vector < VECTORS; vector++) {
    const ownStack = vector == VECTOR_NMI || vector == VECTOR_DF || vector == VECTOR_MC;
    setGate(vector, x86.interruptStub(vector) as u64, ownStack ? 1 : 0);
  }
  store<u16>(pseudoDescriptor, 4095);
  store<u64>(pseudoDescriptor + 2, gates as u64);
  x86.lidt(pseudoDescriptor);
}

function setGate(vector: u32, handler: u64, interruptStack: u64): void {
  const gate = gates + (vector as usize) * GATE_SIZE;
  const low = (handler & 0xffff) | (CODE_SELECTOR << 16) | (interruptStack << 32);
  store<u64>(gate, low | (PRESENT_INTERRUPT_GATE << 32) | (((handler >> 16) & 0xffff) << 48));
  store<u64>(gate + 8, handler >> 32);
}

/** Our own descriptor table: the boot stub's, and a task state that names the emergency stack. */
function loadTaskState(): void {
  store<u64>(taskState + TSS_IST1, (emergencyStack + EMERGENCY_STACK_SIZE) as u64);
  store<u16>(taskState + TSS_IO_MAP_BASE, TSS_SIZE as u16);

  const base = taskState as u64;
  store<u64>(descriptors + 0x08, GDT_CODE_64);
  store<u64>(descriptors + 0x10, GDT_DATA);
  store<u64>(
    descriptors + 0x18,
    (TSS_SIZE - 1) |
      ((base & 0xff_ffff) << 16) |
      (GDT_AVAILABLE_TSS << 40) |
      (((base >> 24) & 0xff) << 56),
  );
  store<u64>(descriptors + 0x20, base >> 32);
  store<u16>(pseudoDescriptor, (GDT_SIZE - 1) as u16);
  store<u64>(pseudoDescriptor + 2, descriptors as u64);
  x86.lgdt(pseudoDescriptor);
  x86.ltr(TSS_SELECTOR);
}

/**
 * Where all entry stubs arrive. A page of RAM that is not mapped yet gets mapped, an interrupt goes to its handler, a fault
 * of the probe back to that; everything else is the end.
 */
export function interrupt_handler(frameAddress: usize): void {
  const frame = changetype<InterruptFrame>(frameAddress);
  if (frame.vector == VECTOR_PF && (frame.errorCode & PF_PRESENT) == 0) {
    if (windowMap(x86.readCr2() as usize)) return;
  }
  if (interruptArrived(frame)) return;
  if (probeStep(frame)) return;
  panicOnException(frame);
}
