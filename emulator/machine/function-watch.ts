/** Tells of the calls of a function: when it is entered, and when that call has returned. Calls inside of a call are part of it. */
import { CpuMode } from '../isa/state-layout.js';
import type { Machine } from './machine.js';
import type { Moments } from './moments.js';

const PAGE_MASK = 0xfffn;

interface Call {
  readonly returnAddress: bigint;
  /** Where that lies. */
  readonly stack: bigint;
  /** The same in physical memory, whatever is mapped later; null where it lies in two pages, or nowhere. */
  readonly physical: bigint | null;
  readonly word: Uint8Array;
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
    if (this.call !== null && this.isUnderWay(this.call)) return;
    this.leave();
    const call = this.callNow();
    const { returnAddress } = call;
    this.call = call;
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
    this.leave();
  }

  /** The call that is under way will not return: the machine is reset, for one. */
  leave(): void {
    if (this.call === null) return;
    this.call = null;
    this.told.returned();
  }

  /** What a near call has left on top of the stack. */
  private callNow(): Call {
    const { debug, mode } = this.machine.processor;
    const stack = debug.stackLinearAddress();
    const width = mode === CpuMode.Long ? 8 : debug.codeBits / 8;
    const word = debug.readLinear(stack, width);
    const value = word.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const isInOnePage = (stack & PAGE_MASK) + BigInt(width) <= PAGE_MASK + 1n;
    const physical = isInOnePage ? debug.translate(stack) : null;
    return { stack, returnAddress: debug.linearOf(value), physical, word };
  }

  /** Nobody returns to an address that something else has been written over: such a call was left by longjmp, say. */
  private isUnderWay({ physical, word }: Call): boolean {
    if (physical === null) return true;
    const now = this.machine.processor.read(physical, word.length);
    return word.every((byte, at) => now[at] === byte);
  }
}
