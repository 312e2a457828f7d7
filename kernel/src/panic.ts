import { newLine, print, printAddress, printBytes, printHex, printLine } from './console';
import { printGuardOwner } from './guarded-memory';
import { isStackGuard } from './image-protection';
import { enterPanic } from './last-words';
import { EXIT_PANIC, exitWith } from './power';
import { x86 } from './x86';

/**
 * The last words: what happened, where, and every register.
 *
 * The frame is what an interrupt stub leaves on the stack, ascending: r15 … rax pushed by the stub, then vector and
 * error code (zero where the processor pushes none), then what the processor pushed. [SDM-3A "Interrupt and Exception Handling in 64-bit Mode"]
 */
@unmanaged
export class InterruptFrame {
  r15: u64;
  r14: u64;
  r13: u64;
  r12: u64;
  r11: u64;
  r10: u64;
  r9: u64;
  r8: u64;
  rbp: u64;
  rdi: u64;
  rsi: u64;
  rdx: u64;
  rcx: u64;
  rbx: u64;
  rax: u64;
  vector: u64;
  errorCode: u64;
  rip: u64;
  cs: u64;
  rflags: u64;
  rsp: u64;
  ss: u64;
}

const VECTOR_UD: u64 = 6;
const VECTOR_DF: u64 = 8;
const VECTOR_PF: u64 = 14;
const TRAP_TEXT_LIMIT: usize = 256;

/** Prints the exception and ends the run with EXIT_PANIC. A second fault on the way only halts. */
export function panicOnException(frame: InterruptFrame): void {
  enterPanic();
  print('\n[nk_panic] ');
  print(exceptionName(frame.vector));
  print(', error code ');
  printAddress(frame.errorCode);
  if (frame.vector == VECTOR_PF) printPageFaultReason(frame.errorCode);
  if (frame.vector == VECTOR_DF && isStackGuard(x86.readCr2() as usize))
    print(': the kernel stack is used up');
  newLine();
  if (frame.vector == VECTOR_PF || frame.vector == VECTOR_DF)
    printGuardOwner(x86.readCr2() as usize);
  if (frame.vector == VECTOR_UD) printTrap(frame.rip as usize);
  printRegisters(frame);
  exitWith(EXIT_PANIC);
}

/** The text that the compiler stored for a ud2 of its own: `file:line message`. */
function printTrap(rip: usize): void {
  for (let row = x86.trapTable(); load<u64>(row) != 0; row += 16) {
    if ((load<u64>(row) as usize) != rip) continue;
    print('[nk_panic]   ');
    printBytes(load<u64>(row, 8) as usize, TRAP_TEXT_LIMIT);
    newLine();
    return;
  }
}

/** [SDM-3A "Page-Fault Exceptions"] error code bits. */
function printPageFaultReason(errorCode: u64): void {
  print(
    (errorCode & 2) != 0 ? ': write to ' : (errorCode & 16) != 0 ? ': execution of ' : ': read of ',
  );
  printAddress(x86.readCr2());
  print((errorCode & 1) != 0 ? ', which is protected' : ', which is not mapped');
}

function printRegisters(frame: InterruptFrame): void {
  printPair('rip', frame.rip, 'cs ', frame.cs, 'rfl', frame.rflags);
  printPair('rsp', frame.rsp, 'ss ', frame.ss, 'cr2', x86.readCr2());
  printPair('rax', frame.rax, 'rbx', frame.rbx, 'rcx', frame.rcx);
  printPair('rdx', frame.rdx, 'rsi', frame.rsi, 'rdi', frame.rdi);
  printPair('rbp', frame.rbp, 'r8 ', frame.r8, 'r9 ', frame.r9);
  printPair('r10', frame.r10, 'r11', frame.r11, 'r12', frame.r12);
  printPair('r13', frame.r13, 'r14', frame.r14, 'r15', frame.r15);
  printPair('cr0', x86.readCr0(), 'cr3', x86.readCr3(), 'cr4', x86.readCr4());
}

function printPair(a: string, first: u64, b: string, second: u64, c: string, third: u64): void {
  print('[nk_panic]   ');
  print(a);
  print(' ');
  printHex(first, 16);
  print('  ');
  print(b);
  print(' ');
  printHex(second, 16);
  print('  ');
  print(c);
  print(' ');
  printHex(third, 16);
  newLine();
}

/** Mnemonic and name. [SDM-3A "Protected-Mode Exceptions and Interrupts"] */
function exceptionName(vector: u64): string {
  switch (vector as u32) {
    case 0:
      return '#DE divide error';
    case 1:
      return '#DB debug exception';
    case 2:
      return 'NMI interrupt';
    case 3:
      return '#BP breakpoint';
    case 4:
      return '#OF overflow';
    case 5:
      return '#BR BOUND range exceeded';
    case 6:
      return '#UD invalid opcode';
    case 7:
      return '#NM device not available';
    case 8:
      return '#DF double fault';
    case 10:
      return '#TS invalid TSS';
    case 11:
      return '#NP segment not present';
    case 12:
      return '#SS stack-segment fault';
    case 13:
      return '#GP general protection';
    case 14:
      return '#PF page fault';
    case 16:
      return '#MF x87 floating-point error';
    case 17:
      return '#AC alignment check';
    case 18:
      return '#MC machine check';
    case 19:
      return '#XM SIMD floating-point exception';
    case 20:
      return '#VE virtualization exception';
    case 21:
      return '#CP control protection exception';
    default:
      return 'reserved exception';
  }
}
