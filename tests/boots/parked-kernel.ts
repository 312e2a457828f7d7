/**
 * The bundled kernel, booted and parked, with its exported functions callable from a test: arguments in registers as
 * the System V ABI for AMD64 says ("Parameter Passing", class INTEGER), executed by the emulated processor.
 */
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { GENERAL_REGISTERS } from '../../emulator/cpu/register-slots.js';
import type { Machine } from '../../emulator/machine/machine.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const ARGUMENT_REGISTERS = ['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9'] as const;
/** The kernel parks in HLT, one byte before where the processor then stands. */
const HLT_BYTES = 1n;
const HLT_OPCODE = 0xf4;
const CODE_SEARCHED_BYTES = 1 << 16;
/** More instructions than any start takes to where a test may stop it. */
const BOOT_INSTRUCTIONS_MAX = 5_000_000;
const RFLAGS_IF = 1n << 9n;
/** Of the interrupts that tests let arrive. */
const INTERRUPT_VECTOR = 0x40;
const RUN_INSTRUCTIONS = 1_000_000;
/** More instructions than any call may take. */
const CALL_INSTRUCTIONS_MAX = 200_000_000;
/** The red zone below RSP, and some room. */
const STACK_GAP_BYTES = 256n;

export class ParkedKernel {
  private readonly host: TestMachine;
  private readonly returnAddress: bigint;
  private readonly returnAddressBytes: Uint8Array;
  private stackPointer: bigint;

  /**
   * Boots the bundled kernel, or another build of it, on `memoryMap`; with `stopAt` only to the entry of that function.
   * `words` are more of its command line. `prepare` may change the machine before it runs.
   * @throws when the kernel does not come to its park
   */
  constructor(
    memoryMap: MemoryMap,
    image = bundledKernel(),
    stopAt?: string,
    words = '',
    prepare?: (machine: Machine) => void,
  ) {
    this.host = new TestMachine(image, {
      memoryMap,
      commandLine: `quiet park ${words}`.trim(),
      uartMode: 'instant',
    });
    const { processor } = this.machine;
    prepare?.(this.machine);
    if (stopAt !== undefined) {
      this.stepTo(this.addressOf(stopAt));
      this.returnAddress = this.firstHalt();
      this.returnAddressBytes = wordBytes(this.returnAddress);
      this.stackPointer = (processor.register('rsp') - STACK_GAP_BYTES) & ~0xfn;
      return;
    }
    const end = this.host.run();
    if (end.kind !== 'hang' || !this.serial.endsWith('parked\n')) {
      throw new Error(`the kernel did not park: ${end.kind}, ${end.detail}\n${this.serial}`);
    }
    this.returnAddress = processor.rip - HLT_BYTES;
    this.returnAddressBytes = wordBytes(this.returnAddress);
    this.stackPointer = (processor.register('rsp') - STACK_GAP_BYTES) & ~0xfn;
  }

  private stepTo(address: bigint): void {
    const { processor, clock } = this.machine;
    for (let left = BOOT_INSTRUCTIONS_MAX; processor.rip !== address; left--) {
      if (left === 0) throw new Error('the kernel does not come to where it was to stop');
      clock.advanceTo(this.machine.nowCycles);
      processor.run(1);
    }
  }

  /** Where a call may return to before the kernel has parked: any byte of its code that, executed, is a HLT. */
  private firstHalt(): bigint {
    const start = this.addressOf('__boot_entry');
    const offset = this.machine.processor.read(start, CODE_SEARCHED_BYTES).indexOf(HLT_OPCODE);
    if (offset < 0) throw new Error('the code has no byte that is a HLT');
    return start + BigInt(offset);
  }

  get machine(): Machine {
    return this.host.machine;
  }

  /** All that COM1 has carried, the boot included. */
  get serial(): string {
    return this.host.serial;
  }

  /** Calls an exported function; gives RAX. @throws when it is missing, faults or does not return */
  call(name: string, ...args: readonly bigint[]): bigint {
    return this.callAt(this.addressOf(name), name, args);
  }

  private addressOf(name: string): bigint {
    const address = this.machine.symbols.addressOf(name);
    if (address === null) throw new Error(`the kernel has no symbol ${name}`);
    return address;
  }

  /** A call during which the `nth` call of the function `failing`, the first being 1, gives 0 and does nothing. */
  callFailing(failing: string, nth: number, name: string, ...args: readonly bigint[]): bigint {
    const { processor, symbols } = this.machine;
    const [from, entry] = [symbols.addressOf(failing), symbols.addressOf(name)];
    if (from === null || entry === null) throw new Error(`no symbol ${failing} or ${name}`);
    this.enter(entry, name, args);
    for (let calls = 0; calls < nth;) {
      if (processor.run(1) === ExitReason.Halt) {
        throw new Error(`${name} calls ${failing} only ${calls} times`);
      }
      if (processor.rip === from) calls++;
    }
    const top = processor.register('rsp');
    processor.rip = this.read64(top);
    processor.setRegister('rsp', top + 8n);
    processor.setRegister('rax', 0n);
    return this.leave(name);
  }

  /** A call that is stopped once, at the entry of the function `at`, for `body`, which may change memory. */
  callMeanwhile(at: string, body: () => void, name: string, ...args: readonly bigint[]): bigint {
    const { processor } = this.machine;
    const stop = this.addressOf(at);
    this.enter(this.addressOf(name), name, args);
    while (processor.rip !== stop) {
      if (processor.run(1) === ExitReason.Halt) throw new Error(`${name} does not call ${at}`);
    }
    body();
    return this.leave(name);
  }

  /** Calls whatever is at `address`; `name` is for messages. */
  callAt(address: bigint, name: string, args: readonly bigint[]): bigint {
    this.enter(address, name, args);
    return this.leave(name);
  }

  /** Instructions that the call retires, its `ret` and the harness's HLT included. */
  instructionsOf(name: string, ...args: readonly bigint[]): number {
    const before = this.machine.processor.retired;
    this.call(name, ...args);
    return this.machine.processor.retired - before;
  }

  /**
   * A call with interrupts on, during which an interrupt arrives before instruction number `boundary` (from 0). The
   * kernel calls `handler` for it, which calls the kernel, when it sees fit: with interrupts off, so that no second one
   * comes before it is done, and before the call returns, which it does with interrupts on.
   * @returns what the call returned, and whether the interrupt arrived; null when the call has fewer instructions
   */
  callInterrupted(
    name: string,
    args: readonly bigint[],
    boundary: number,
    handler: () => void,
  ): { readonly result: bigint; readonly interrupted: boolean } | null {
    const { processor } = this.machine;
    const entry = this.interruptEntry();
    this.enter(this.addressOf(name), name, args);
    processor.rflags |= RFLAGS_IF;
    for (let step = 0; step < boundary; step++) {
      if (processor.rip === this.returnAddress) break;
      processor.run(1);
    }
    const isShorter = processor.rip === this.returnAddress;
    const interrupted = !isShorter && processor.interruptible;
    if (interrupted) {
      processor.deliverExternalInterrupt(INTERRUPT_VECTOR);
      this.runToHalt(name);
      if (processor.rip !== entry + HLT_BYTES || this.hasInterruptsOn())
        throw new Error(`${name}, ${boundary}: the interrupt is lost, or a second may overtake it`);
      this.nested(handler);
      const top = processor.register('rsp');
      processor.rip = this.read64(top);
      processor.setRegister('rsp', top + 8n);
    }
    const result = this.leave(name);
    if (!this.hasInterruptsOn())
      throw new Error(`${name}, ${boundary}: returns with interrupts off`);
    processor.rflags &= ~RFLAGS_IF;
    return isShorter ? null : { result, interrupted };
  }

  private hasInterruptsOn(): boolean {
    return (this.machine.processor.rflags & RFLAGS_IF) !== 0n;
  }

  /** The first instruction of the handler of interrupts: one that halts. */
  private interruptEntry(): bigint {
    const entry = this.firstHalt();
    if (entry === this.returnAddress) throw new Error('the handler is where calls return to');
    this.call('nk_interrupt', BigInt(INTERRUPT_VECTOR), entry);
    return entry;
  }

  /** Runs `body`, which calls the kernel, below the current stack with interrupts off; then everything is as before. */
  private nested(body: () => void): void {
    const { processor } = this.machine;
    const { rip, rflags } = processor;
    const saved = GENERAL_REGISTERS.map((name) => [name, processor.register(name)] as const);
    const outer = this.stackPointer;
    this.stackPointer = (processor.register('rsp') - STACK_GAP_BYTES) & ~0xfn;
    processor.rflags = rflags & ~RFLAGS_IF;
    body();
    this.stackPointer = outer;
    for (const [name, value] of saved) processor.setRegister(name, value);
    processor.rip = rip;
    processor.rflags = rflags;
  }

  /** Arguments, return address and RIP of a call. */
  private enter(address: bigint, name: string, args: readonly bigint[]): void {
    const { processor } = this.machine;
    if (args.length > ARGUMENT_REGISTERS.length) throw new Error(`${name}: too many arguments`);
    args.forEach((value, index) => {
      processor.setRegister(ARGUMENT_REGISTERS[index] ?? 'rdi', BigInt.asUintN(64, value));
    });
    const top = this.stackPointer - 8n; // RSP + 8 is a multiple of 16 on entry
    processor.write(top, this.returnAddressBytes);
    processor.setRegister('rsp', top);
    processor.rip = address;
  }

  /** Runs to the end of the call; gives RAX. */
  private leave(name: string): bigint {
    const { processor, symbols } = this.machine;
    this.runToHalt(name);
    if (
      processor.rip !== this.returnAddress + HLT_BYTES ||
      processor.register('rsp') !== this.stackPointer
    ) {
      throw new Error(
        `${name} halted at ${symbols.describe(processor.rip)}\n${this.serial.slice(-2000)}`,
      );
    }
    return processor.register('rax');
  }

  /** A call whose result has 32 bits. */
  call32(name: string, ...args: readonly bigint[]): number {
    return Number(this.call(name, ...args) & 0xffff_ffffn);
  }

  /** What the serial line carries during `body`. */
  saidDuring(body: () => void): string {
    const before = this.serial.length;
    body();
    return this.serial.slice(before);
  }

  /** Guest memory at a physical address. */
  read64(address: bigint): bigint {
    const bytes = this.machine.processor.read(address, 8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  write64(address: bigint, value: bigint): void {
    this.machine.processor.write(address, wordBytes(value));
  }

  /** Writes `byte` to all of [start, end). */
  fill(start: bigint, end: bigint, byte: number): void {
    this.machine.processor.write(start, new Uint8Array(Number(end - start)).fill(byte));
  }

  private runToHalt(name: string): void {
    const { processor, clock, requests, symbols } = this.machine;
    const limit = processor.retired + CALL_INSTRUCTIONS_MAX;
    for (;;) {
      clock.advanceTo(this.machine.nowCycles);
      const reason = processor.run(RUN_INSTRUCTIONS);
      if (requests.exit !== null || requests.powerOff) {
        throw new Error(
          `${name} ended the machine (${requests.exit})\n${this.serial.slice(-2000)}`,
        );
      }
      if (reason === ExitReason.Halt) return;
      if (reason === ExitReason.Budget || reason === ExitReason.Io || reason === ExitReason.Pause) {
        if (processor.retired < limit) continue;
      }
      throw new Error(`${name}: ${ExitReason[reason]} at ${symbols.describe(processor.rip)}`);
    }
  }
}

function wordBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes;
}
