/** Microcode doors that end their block, and behind which a region goes on where the door is all that happens (core/translated-run.ts). */
import { Door, Op } from '../isa/uop.js';
import { accessesPort, stringInstruction } from './string-instruction.js';

/** OUT, where the port only keeps its byte (core/port-io.ts); CLI and STI, where no interrupt waits (core/flag-image.ts); RDTSC, where the core counts, and
 * WRMSR to the bases of FS and GS (core/msr.ts). */
const LIGHT_DOORS: readonly number[] = [
  ...[Door.Out, Door.Cli, Door.Sti, Door.Rdtsc, Door.Rdtscp],
  ...[Door.Swapgs, Door.Wrmsr, Door.WriteSegmentBase, Door.Clac, Door.Stac],
];

/** A micro-op (block-reader.ts), as far as it is looked at here. */
interface DoorUop {
  readonly op: number;
  readonly extra: number;
  readonly imm: bigint;
}

export function isLightDoor({ op, extra, imm }: DoorUop): boolean {
  if (op !== Op.MicrocodeEnd) return false;
  if (extra === (Door.String as number)) return !accessesPort(stringInstruction(imm));
  if (extra === (Door.Popf as number)) return imm === 64n;
  return LIGHT_DOORS.includes(extra);
}

/**
 * INT n, IRETQ, SYSCALL and SYSRET of 64-bit mode: the core does them for a region where nothing can fault
 * (core/plain-interrupts.ts, core/system-call.ts), and the region goes on where they lead if it can be entered there.
 */
export function isTransferDoor({ op, extra, imm }: DoorUop): boolean {
  if (op !== Op.MicrocodeEnd) return false;
  if (extra === (Door.Iret as number) || extra === (Door.Sysret as number)) return imm === 64n;
  return extra === (Door.Int as number) || extra === (Door.Syscall as number);
}

/** The door asks what time it is. */
export function readsTime({ op, extra }: DoorUop): boolean {
  return op === Op.MicrocodeEnd && [Door.Rdtsc, Door.Rdtscp].includes(extra);
}
