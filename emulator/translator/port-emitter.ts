/**
 * OUT to the port that only keeps its byte, in translated code: as `portOutput` of core/port-io.ts does it where that needs no
 * host. A breakpoint on the port is not looked at: with breakpoints set each instruction is executed by itself, and none of them in a region.
 * Source: Intel SDM Vol. 2, "OUT"; Vol. 1, "I/O Privilege Level".
 */
import { CPL, LATCH_PORT, LATCH_VALUE, LATCH_WRITES_LEFT } from '../isa/state-layout.js';
import type { Uop } from './block-reader.js';
import type { CoreCaller } from './core-caller.js';
import type { OperandEmitter } from './operand-emitter.js';
import { WIDTH_16, WIDTH_8 } from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const BYTE_BITS = 8n;

export class PortEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly core: CoreCaller,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /** OUT: port a ← b, of `imm` bits. Every other access than such a write leaves the region. */
  output(uop: Uop): void {
    const { code, operands } = this;
    if (uop.imm !== BYTE_BITS) return this.leave(uop);
    operands.read(uop, uop.a, WIDTH_16);
    code.op(W.I32WrapI64).i32(0).memory(W.I32Load16U, LATCH_PORT).op(W.I32Ne);
    code.i32(0).memory(W.I32Load, LATCH_WRITES_LEFT).op(W.I32Eqz).op(W.I32Or).openRare();
    this.leave(uop);
    code.close();
    code.i32(0).memory(W.I32Load, CPL).open(W.If);
    this.core.callReading(uop, this.core.slotsOf([uop.a, uop.b]));
    code.otherwise();
    code.i32(0).i32(0).memory(W.I32Load, LATCH_WRITES_LEFT).i32(1).op(W.I32Sub);
    code.memory(W.I32Store, LATCH_WRITES_LEFT);
    code.i32(0);
    operands.read(uop, uop.b, WIDTH_8);
    code.memory(W.I64Store16, LATCH_VALUE).close();
  }
}
