/** Tells of the calls of a function: when it is entered, and when that call has returned. Calls inside of a call are part of it. */
import { CpuMode } from '../isa/state-layout.js';
import type { Machine } from './machine.js';
import type { Moments } from './moments.js';

interface Call {
  readonly returnAddress: bigint;
  /** Where that lies. */
  readonly stack: bigint;
}

export class FunctionWatch {
  private call: Call | null = null;
  private readonly returnAddresses = new Set<bigint>();

  constructor(
    private readonly machine: Machine,
    private readonly moments: Moments,
    private readonly told: { readonly entered: () => void; readonly returned: () => void },
  ) {}

  /** Its first instruction is about to be executed. */
  enter(): void {
    if (this.call !== null) return;
    const { debug } = this.machine.processor;
    const stack = debug.stackLinearAddress();
    const returnAddress = this.returnAddressAt(stack);
    this.call = { stack, returnAddress };
    this.told.entered();
    if (this.returnAddresses.has(returnAddress)) return;
    this.returnAddresses.add(returnAddress);
    this.moments.watchPlace(returnAddress, () => this.passes(returnAddress));
  }

  /** The instruction behind a call is about to be executed: the function has returned when nothing of the call is on the stack. */
  private passes(address: bigint): void {
    const { call } = this;
    if (call?.returnAddress !== address) return;
    if (this.machine.processor.debug.stackLinearAddress() <= call.stack) return;
    this.call = null;
    this.told.returned();
  }

  /** What a near call has left on top of the stack. */
  private returnAddressAt(stack: bigint): bigint {
    const { debug, mode } = this.machine.processor;
    const width = mode === CpuMode.Long ? 8 : debug.codeBits / 8;
    const bytes = debug.readLinear(stack, width);
    const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return debug.linearOf(value);
  }
}
