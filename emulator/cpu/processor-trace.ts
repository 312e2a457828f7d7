/** The core's trace events in words. */
import { exceptionMnemonic, NO_ERROR_CODE } from '../isa/exceptions.js';
import { TraceKind } from '../isa/state-layout.js';

export type ProcessorTraceCategory = 'int' | 'exc' | 'mmu' | 'msr' | 'cpuid' | 'guest-error';

export type TraceValues = Readonly<Record<string, string | number>>;

/** What happened: one clause, lower case, and the values that belong to it. */
export interface ProcessorTraceEvent {
  readonly category: ProcessorTraceCategory;
  readonly message: string;
  readonly values: TraceValues;
}

/** The kinds that make a line in the log. */
type LoggedKind = Exclude<TraceKind, TraceKind.PageUsed>;

const LOW_32 = 0xffff_ffffn;

function hexadecimal(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** The event `kind` with its two arguments, as emulator/isa/state-layout.ts describes them. */
export function describeTraceEvent(kind: LoggedKind, a: bigint, b: bigint): ProcessorTraceEvent {
  const low = Number(a & LOW_32);
  const high = Number(a >> 32n);
  switch (kind) {
    case TraceKind.Exception: {
      const exception = exceptionMnemonic(low);
      const where = { exception, at: hexadecimal(b) };
      const values = high === NO_ERROR_CODE ? where : { ...where, errorCode: hexadecimal(high) };
      return { category: 'exc', message: 'exception', values };
    }
    case TraceKind.Interrupt:
      return { category: 'int', message: 'interrupt', values: { vector: low, at: hexadecimal(b) } };
    case TraceKind.SoftwareInterrupt:
      return {
        category: 'int',
        message: 'software interrupt',
        values: { vector: low, returnsTo: hexadecimal(b) },
      };
    case TraceKind.PageFault:
      return {
        category: 'mmu',
        message: 'page fault',
        values: { linear: hexadecimal(a), errorCode: hexadecimal(b) },
      };
    case TraceKind.ControlRegister:
      return {
        category: 'mmu',
        message: 'control register written',
        values: { register: `CR${low}`, value: hexadecimal(b) },
      };
    case TraceKind.MsrRead:
    case TraceKind.MsrWrite:
      return {
        category: 'msr',
        message: kind === TraceKind.MsrRead ? 'MSR read' : 'MSR written',
        values: { msr: hexadecimal(a), value: hexadecimal(b) },
      };
    case TraceKind.MsrUnknown:
      return {
        category: 'guest-error',
        message:
          b === 0n ? 'read of an MSR that does not exist' : 'write to an MSR that does not exist',
        values: { msr: hexadecimal(a) },
      };
    case TraceKind.Cpuid:
      return {
        category: 'cpuid',
        message: 'CPUID',
        values: { leaf: hexadecimal(low), subleaf: hexadecimal(high) },
      };
  }
}

const KIND_CATEGORIES: readonly (readonly [LoggedKind, ProcessorTraceCategory])[] = [
  [TraceKind.Exception, 'exc'],
  [TraceKind.Interrupt, 'int'],
  [TraceKind.SoftwareInterrupt, 'int'],
  [TraceKind.PageFault, 'mmu'],
  [TraceKind.ControlRegister, 'mmu'],
  [TraceKind.MsrRead, 'msr'],
  [TraceKind.MsrWrite, 'msr'],
  [TraceKind.MsrUnknown, 'guest-error'],
  [TraceKind.Cpuid, 'cpuid'],
];

/** The core's TRACE_MASK for the wanted categories; all of them when none are named. */
export function traceMask(categories: ReadonlySet<string> | undefined): number {
  let mask = 0;
  for (const [kind, category] of KIND_CATEGORIES) {
    if (categories === undefined || categories.has(category)) mask |= 1 << kind;
  }
  return mask;
}
