/**
 * The instructions that no language has, and the addresses that only the linker knows.
 *
 * The compiler (kernel/compiler) replaces each call by the instruction of the same name, in place. Operands and
 * results are the instruction's own.
 * Source: Intel SDM Vol. 2, the page of each instruction.
 */
export declare namespace x86 {
  function out8(port: u32, value: u32): void;
  function out16(port: u32, value: u32): void;
  function out32(port: u32, value: u32): void;
  function in8(port: u32): u32;
  function in16(port: u32): u32;
  function in32(port: u32): u32;

  function rdtsc(): u64;
  function rdmsr(msr: u32): u64;
  function wrmsr(msr: u32, value: u64): void;
  /** Stores EAX, EBX, ECX, EDX as four u32 at `result`. */
  function cpuid(leaf: u32, subleaf: u32, result: usize): void;

  function readCr0(): u64;
  function readCr2(): u64;
  function readCr3(): u64;
  function readCr4(): u64;
  function readRflags(): u64;
  function writeCr0(value: u64): void;
  function writeCr3(value: u64): void;
  function writeCr4(value: u64): void;
  function invlpg(address: usize): void;

  /** `pointer` is the address of a ten-byte pseudo-descriptor: u16 limit, u64 base. */
  function lgdt(pointer: usize): void;
  function lidt(pointer: usize): void;
  function ltr(selector: u32): void;

  function cli(): void;
  function sti(): void;
  function hlt(): void;
  function pause(): void;
  function ud2(): void;

  /** The number of the lowest bit that is set in `value`, which is not 0: `ctz` without an answer for 0. */
  function bsf64(value: u64): u64;

  /** A store that stays where it is written: what an interrupt handler sees. */
  function mov32(pointer: usize, value: u32): void;
  function xchg64(pointer: usize, value: u64): u64;
  /** Returns the old value; the store happened when that equals `expected`. */
  function lockCmpxchg64(pointer: usize, expected: u64, desired: u64): u64;

  /** Calls the function whose address is at `pointer`, with one argument. */
  function callAt(pointer: usize, argument: u64): void;
  /** Entry stub of an interrupt vector, 0 to 255. */
  function interruptStub(vector: u32): usize;
  /** Code that calls `interrupt_late` and returns to where that says. */
  function lateReturn(): usize;
  /** The image in memory: code, constants, data and zeroed data, in this order. */
  function kernelStart(): usize;
  /** From here to the text's end is code of functions that are whole (dialect.md). */
  function wholeStart(): usize;
  function textEnd(): usize;
  function rodataEnd(): usize;
  function kernelEnd(): usize;
  /** The boot stack: the first byte, and the address behind the last. */
  function stackBottom(): usize;
  function stackTop(): usize;
  /** Pairs (u64 address of a ud2, u64 address of its NUL-terminated text), ended by a pair of zeros. */
  function trapTable(): usize;
}
