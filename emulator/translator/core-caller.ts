/** Calls of the core for one micro-op: what is not written inline, or need not be. */
import { SLOT_ZERO } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { BlockTiming } from './block-timing.js';
import type { FlagEmitter } from './flag-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import { IMPORT_STEP } from './region-code.js';
import { type WasmCode } from './wasm-code.js';

export class CoreCaller {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly timing: BlockTiming,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /** The slots among the addresses. */
  slotsOf(addresses: readonly number[]): number[] {
    const slots = addresses.map((address) => this.operands.slotOf(address));
    return slots.filter((slot) => slot >= 0 && slot !== SLOT_ZERO);
  }

  /** Calls the core for the micro-op, which reads or writes the slots. */
  call(uop: Uop, slots: readonly number[]): void {
    this.callReading(uop, slots);
    for (const slot of slots) this.operands.fill(slot);
  }

  /** The same; it writes no slot. */
  callReading(uop: Uop, slots: readonly number[]): void {
    const { code, operands } = this;
    for (const slot of slots) operands.spill(slot);
    this.timing.beforeCall();
    code.i32(uop.at).call(IMPORT_STEP);
    code.openRare();
    this.leave(uop);
    code.close();
  }

  /** The same; it writes all arithmetic flags, and reads none. */
  callSettingFlags(uop: Uop, slots: readonly number[]): void {
    this.call(uop, slots);
    this.flags.setStored();
  }

  /** The same; it may write the arithmetic flags. */
  callWithFlags(uop: Uop, slots: readonly number[]): void {
    this.flags.settle();
    this.call(uop, slots);
    this.flags.setStored();
  }
}
