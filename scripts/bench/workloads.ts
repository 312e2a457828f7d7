/** The guest programs of the benchmark (guests/*.asm). */
export interface Workload {
  /** Name of the source in guests/, without .asm; also what --workload selects. */
  readonly name: string;
  readonly title: string;
  /** What its speed is given in: instructions, or the bytes that its string instructions write. */
  readonly measure: 'instructions' | 'bytes';
  /** What it prints after CHECK_ITERATIONS. QEMU 7.2 and Bochs 2.7 agree on each. */
  readonly checksum: string;
}

/** Iterations of the run whose checksum is compared. */
export const CHECK_ITERATIONS = 3;

export const WORKLOADS: readonly Workload[] = [
  instructions('alu', 'dependent arithmetic', '3e123136'),
  instructions('memory', 'load, change, store over 1 MiB', '00020000'),
  instructions('bitmap', 'bitmap scan, bsf and btr', '0017a000'),
  instructions('chase', 'linked list through 1 MiB', '181fa000'),
  instructions('sieve', 'sieve of 64 KiB', '0000198e'),
  instructions('call', 'recursive calls', '00000726'),
  instructions('indirect', 'indirect calls, 4 targets', '2ddb2bfe'),
  instructions('tlb', 'one qword of each of 8192 pages', '00006003'),
  instructions('real-mode', 'real mode, load and store', '0000c000'),
  instructions('interrupt', 'int n and iretq', '00003b2e'),
  instructions('self-modifying', 'self-modifying loop', '000000a5'),
  instructions('port', 'port writes', '00000080'),
  bytes('fill', 'rep stosq, 16 MiB', '02000002'),
  bytes('copy', 'rep movsq, 1 MiB', '287d0dd0'),
];

function instructions(name: string, title: string, checksum: string): Workload {
  return { name, title, measure: 'instructions', checksum };
}

function bytes(name: string, title: string, checksum: string): Workload {
  return { name, title, measure: 'bytes', checksum };
}
