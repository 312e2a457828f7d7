/**
 * Stacks that run into what lies below them, by the names of an image: the stack is the variable, or the room behind a label, that RSP
 * points into.
 *
 * Where RSP leaves it downwards, by no more than a stack frame, that may be a stack too deep, or the change to another stack right below.
 * It is a change where RSP comes to where some variable ends, where what RSP points to is loaded next (POP, RET), or has just been
 * stored (an event's frame).
 */
import type { ElfSymbol } from './code-symbols.js';

/** Bytes below RSP that an instruction or the delivery of an event stores at most. */
const PUSHED_BYTES_MAX = 64n;
/** Larger steps of RSP are changes of the stack. */
const FRAME_BYTES_MAX = 0x10000n;
/** Variables that are looked at for one that others lie in. */
const ENCLOSING_MAX = 8;

interface Stack {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
}

export class StackWatch {
  private readonly objects: readonly Stack[];
  private readonly ends: ReadonlySet<bigint>;
  private current: Stack | null = null;
  /** RSP when it was last in the current one. */
  private within = 0n;
  /** Where the last store was, if the instruction's stack was not there: the end of a frame, where an event has another stack. */
  private delivered: bigint | null = null;
  /** RSP that pointed into none. */
  private elsewhere = 0n;

  /** @param objects by ascending address */
  constructor(objects: readonly ElfSymbol[]) {
    this.objects = objects.map(({ name, address, sizeBytes }) => ({
      name,
      start: address,
      end: address + sizeBytes,
    }));
    this.ends = new Set(this.objects.map(({ end }) => end));
  }

  /**
   * What is wrong with an access to `bytes` bytes from `linear` on by an instruction before which RSP is the linear address `stackPointer`, as the end of a
   * sentence; or null.
   */
  wrong(linear: bigint, bytes: number, stores: boolean, stackPointer: bigint): string | null {
    const stack = this.overrun(linear, BigInt(bytes), stores, stackPointer);
    if (stores) this.delivered = isPushed(linear, stackPointer) ? null : linear;
    if (stack === null) return null;
    return `below ${stack.name} (0x${stack.start.toString(16)}), in which the stack is`;
  }

  private overrun(
    linear: bigint,
    bytes: bigint,
    stores: boolean,
    stackPointer: bigint,
  ): Stack | null {
    const { current } = this;
    if (current !== null && stackPointer > current.start && stackPointer <= current.end) {
      this.within = stackPointer;
      const isBelow = linear < current.start;
      return stores && isBelow && isPushed(linear, stackPointer) ? current : null;
    }
    if (current !== null && this.hasComeDown(current, stackPointer)) {
      const isChange = stores ? this.delivered === stackPointer : linear === stackPointer;
      if (!isChange) {
        const isInFrame = linear + bytes + PUSHED_BYTES_MAX >= stackPointer;
        return stores && isInFrame && linear < current.start ? current : null;
      }
    }
    if (stackPointer !== this.elsewhere) this.enter(stackPointer);
    return null;
  }

  /** Whether RSP may be where it is because the stack is too deep. */
  private hasComeDown({ start }: Stack, stackPointer: bigint): boolean {
    const step = this.within - stackPointer;
    const isTop = step > PUSHED_BYTES_MAX && this.ends.has(stackPointer);
    return stackPointer <= start && step <= FRAME_BYTES_MAX && !isTop;
  }

  private enter(stackPointer: bigint): void {
    this.current = this.objectBelow(stackPointer);
    if (this.current === null) this.elsewhere = stackPointer;
    else this.within = stackPointer;
  }

  /** The innermost object that the byte below the address is in. */
  private objectBelow(address: bigint): Stack | null {
    let low = 0;
    let high = this.objects.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.objects[middle]?.start ?? address) < address) low = middle + 1;
      else high = middle;
    }
    const before = this.objects.slice(Math.max(0, low - ENCLOSING_MAX), low);
    return before.filter(({ end }) => address <= end).at(-1) ?? null;
  }
}

function isPushed(linear: bigint, stackPointer: bigint): boolean {
  return linear <= stackPointer && linear + PUSHED_BYTES_MAX >= stackPointer;
}
