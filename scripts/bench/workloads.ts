/** The guest programs of the benchmark (guests/*.asm). */
import type { CompiledLoop } from './compiled-loop.js';

export interface Workload {
  /** Name of the source in guests/, without .asm; also what --workload selects. */
  readonly name: string;
  readonly title: string;
  /** Ordinary instructions; the same by a compiler; what the processor's system part does; string instructions. Each kind has its own mean. */
  readonly kind: 'computation' | 'compiled' | 'system' | 'string';
  /** What it prints after CHECK_ITERATIONS. QEMU 7.2 and Bochs 2.7 agree on each. */
  readonly checksum: string;
  /** A single instruction (single-instructions.ts): its machine code, and how many instructions that is. */
  readonly copies?: { readonly code: string; readonly instructions: number };
  /** A compiled loop. */
  readonly loop?: CompiledLoop;
}

/** Iterations of the run whose checksum is compared. */
export const CHECK_ITERATIONS = 3;

export const WORKLOADS: readonly Workload[] = [
  computation('alu', 'dependent arithmetic', '3e123136'),
  computation('memory', 'load, change, store over 1 MiB', '00020000'),
  computation('bitmap', 'bitmap scan, bsf and btr', '0017a000'),
  computation('chase', 'linked list through 1 MiB', '181fa000'),
  computation('sieve', 'sieve of 64 KiB', '0000198e'),
  computation('call', 'recursive calls', '00000726'),
  computation('indirect', 'indirect calls, 4 targets', '2ddb2bfe'),
  computation('real-mode', 'real mode, load and store', '0000c000'),
  system('tlb', 'one qword of each of 8192 pages', '00006003'),
  system('page-tables', 'a page remapped, invlpg, touched', '00020400'),
  system('interrupt', 'int n and iretq', '00003b2e'),
  system('user-interrupt', 'int n of ring 3 and iretq', '00003b2e'),
  system('system-call', 'syscall and sysret', '00003b2e'),
  system('self-modifying', 'self-modifying loop', '000000a5'),
  system('port', 'port writes', '00000080'),
  string('fill', 'rep stosq, 16 MiB', '02000002'),
  string('copy', 'rep movsq, 1 MiB', '287d0dd0'),
];

function computation(name: string, title: string, checksum: string): Workload {
  return { name, title, kind: 'computation', checksum };
}

function system(name: string, title: string, checksum: string): Workload {
  return { name, title, kind: 'system', checksum };
}

function string(name: string, title: string, checksum: string): Workload {
  return { name, title, kind: 'string', checksum };
}
