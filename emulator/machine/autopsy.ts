/**
 * Crash and hang reports: what the processor was doing, in the order in which a kernel developer asks for it.
 * Everything is read without side effects on the guest.
 */
import { exceptionMnemonic, VECTOR_PF } from '../isa/exceptions.js';
import { CpuMode, MXCSR, VECTOR_REGISTER_BYTES, VECTOR_REGISTERS } from '../isa/state-layout.js';
import { disassemble } from '../cpu/decoder/disassembler.js';
import type { FaultRecord } from '../cpu/processor-inspection.js';
import { gateBytes } from './descriptor-words.js';
import { gateOf, likelyCause } from './likely-cause.js';
import type { Machine } from './machine.js';

const STACK_BYTES_SEARCHED = 1024;
const STACK_FRAMES_MAX = 12;
const BRANCHES_MAX = 16;
const INSTRUCTION_BYTES_MAX = 15;
/** An instruction of AVX-512 is none of ours beyond its first byte; these are its prefix, opcode and ModR/M. */
const EVEX_PREFIX = 0x62;
const EVEX_BYTES_SHOWN = 6;

const XMM_REGISTERS = 16;
const MXCSR_AFTER_RESET = 0x1f80;

const DOUBLE_FAULT = 8;

export const MODE_NAMES: Readonly<Record<CpuMode, string>> = {
  [CpuMode.Real]: 'real-address mode',
  [CpuMode.Protected]: 'protected mode',
  [CpuMode.Virtual8086]: 'virtual-8086 mode',
  [CpuMode.Compatibility]: 'compatibility mode',
  [CpuMode.Long]: '64-bit mode',
};

const REGISTER_ROWS = [
  ['rax', 'rbx', 'rcx', 'rdx'],
  ['rsi', 'rdi', 'rbp', 'rsp'],
  ['r8', 'r9', 'r10', 'r11'],
  ['r12', 'r13', 'r14', 'r15'],
] as const;

/** One sentence and the report of a shutdown: chain of faults, registers, stack, page walk, last branches. */
export function shutdownReport(machine: Machine): [detail: string, report: string[]] {
  const chain = machine.processor.faultChain();
  const names = chain.flatMap(({ vector, whileDelivering }) =>
    whileDelivering === DOUBLE_FAULT
      ? ['#DF', exceptionMnemonic(vector)]
      : [exceptionMnemonic(vector)],
  );
  const [first] = chain;
  const where = first === undefined ? presentPlace(machine) : placeOfFault(machine, first);
  const detail = `triple fault: ${names.join(' → ')} → shutdown, at ${where}`;
  const { processor } = machine;
  const cause = likelyCause({
    chain,
    stack: processor.debug.stackLinearAddress(),
    idt: processor.descriptorTable('idtr'),
    gateBytes: gateBytes(processor.mode),
  });
  const report = [
    ...(cause === null ? [] : [cause]),
    'chain of faults:',
    ...chain.map((fault) => faultLine(machine, fault)),
  ];
  const pageFault = chain.find((fault) => fault.vector === VECTOR_PF);
  if (pageFault !== undefined) report.push(...pageWalkLines(machine, pageFault.cr2));
  report.push(...stateReport(machine));
  return [detail, report];
}

/** Where the guest is: `0x100080 (name+0x12)`; in a segment that does not begin at 0 `07c0:0016 (0x7c16 name+0x12)`. */
export function presentPlace({ processor, symbols }: Machine): string {
  const { selector, base } = processor.segment('cs');
  if (processor.mode === CpuMode.Long) return symbols.describe(processor.rip);
  return placeInSegment(symbols, { selector, base }, processor.rip);
}

/** The same of a fault, whose segment's base is known where it follows from the selector. */
function placeOfFault({ symbols }: Machine, { rip, cs, mode }: FaultRecord): string {
  const isReal = mode === CpuMode.Real || mode === CpuMode.Virtual8086;
  return placeInSegment(symbols, { selector: cs, base: isReal ? BigInt(cs) << 4n : 0n }, rip);
}

function placeInSegment(
  symbols: Machine['symbols'],
  { selector, base }: { readonly selector: number; readonly base: bigint },
  offset: bigint,
): string {
  if (base === 0n) return symbols.describe(offset);
  const linear = BigInt.asUintN(32, base + offset);
  const digits = (value: bigint | number): string => value.toString(16).padStart(4, '0');
  const name = symbols.nameOf(linear);
  const inBrackets = `0x${linear.toString(16)}${name === null ? '' : ` ${name}`}`;
  return `${digits(selector)}:${digits(offset)} (${inBrackets})`;
}

/** `#GP error code 0x73 (IDT entry 14) while delivering #PF, at 0x100018 (f+0xa)`. */
function faultLine(machine: Machine, fault: FaultRecord): string {
  const { vector, errorCode, whileDelivering, cr2 } = fault;
  const gate = gateOf(fault);
  const entry = gate === null ? '' : ` (IDT entry ${gate})`;
  const error = errorCode === null ? '' : ` error code 0x${errorCode.toString(16)}${entry}`;
  const address = vector === VECTOR_PF ? ` CR2 0x${cr2.toString(16)}` : '';
  const delivering =
    whileDelivering === null ? '' : ` while delivering ${exceptionMnemonic(whileDelivering)},`;
  const at = placeOfFault(machine, fault);
  return `  ${exceptionMnemonic(vector)}${error}${address}${delivering} at ${at}`;
}

/** One sentence and the report of an instruction that this processor does not have. */
export function unimplementedReport(machine: Machine): [detail: string, report: string[]] {
  const { processor, symbols } = machine;
  const address = processor.exitAddress;
  const bytes = processor.debug.readInstructionBytes(address, INSTRUCTION_BYTES_MAX);
  const { text, length } = disassemble(bytes, address, processor.codeSizeBits);
  const shown = bytes[0] === EVEX_PREFIX ? EVEX_BYTES_SHOWN : Math.max(length, 1);
  const hex = hexBytes(bytes.subarray(0, shown));
  const mode = MODE_NAMES[processor.mode];
  const detail = `instruction not implemented: ${text} (bytes ${hex}) at ${symbols.describe(address)} in ${mode}`;
  return [detail, stateReport(machine)];
}

/** Where the guest is: registers, stack, last blocks. The report of a hang, a limit, a reset; the last part of the others. */
export function stateReport(machine: Machine): string[] {
  return [
    ...registerLines(machine),
    ...vectorLines(machine),
    ...instructionLines(machine),
    ...stackLines(machine),
    ...branchLines(machine),
  ];
}

function registerLines(machine: Machine): string[] {
  const { processor } = machine;
  const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
  const lines = [
    `registers, ${MODE_NAMES[processor.mode]}, CPL ${processor.cpl}:`,
    `  rip ${presentPlace(machine)}  rflags ${hex(processor.rflags)}`,
  ];
  for (const row of REGISTER_ROWS) {
    lines.push(
      `  ${row.map((name) => `${name.padEnd(3)} ${hex(processor.register(name))}`).join('  ')}`,
    );
  }
  const control = ['cr0', 'cr2', 'cr3', 'cr4', 'efer'] as const;
  lines.push(
    `  ${control.map((name) => `${name} ${hex(processor.controlRegister(name))}`).join('  ')}`,
  );
  const segments = ['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'tr', 'ldtr'] as const;
  lines.push(
    `  ${segments.map((name) => `${name} ${processor.segment(name).selector.toString(16).padStart(4, '0')}`).join('  ')}`,
  );
  for (const name of ['gdtr', 'idtr'] as const) {
    const { base, limit } = processor.descriptorTable(name);
    lines.push(`  ${name} base ${hex(base)} limit ${limit.toString(16).padStart(4, '0')}`);
  }
  return lines;
}

/** MXCSR and the XMM (YMM, where more is in use) registers that are not zero; nothing at all in a program without SSE. */
function vectorLines({ processor }: Machine): string[] {
  const { memory } = processor;
  const lines: string[] = [];
  for (let number = 0; number < XMM_REGISTERS; number++) {
    const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * number;
    const value = (memory.u64(at + 8) << 64n) | memory.u64(at);
    const upper = (memory.u64(at + 24) << 64n) | memory.u64(at + 16);
    const digits = (half: bigint): string => half.toString(16).padStart(32, '0');
    const name = String(number).padEnd(2);
    if (upper !== 0n) lines.push(`  ymm${name} ${digits(upper)}${digits(value)}`);
    else if (value !== 0n) lines.push(`  xmm${name} ${digits(value)}`);
  }
  const mxcsr = memory.u32(MXCSR);
  if (lines.length === 0 && mxcsr === MXCSR_AFTER_RESET) return [];
  return [`vector registers that are not zero, mxcsr ${mxcsr.toString(16)}:`, ...lines];
}

function instructionLines(machine: Machine): string[] {
  const { processor } = machine;
  const bytes = processor.debug.readInstructionBytes(processor.rip, INSTRUCTION_BYTES_MAX);
  if (bytes.byteLength === 0) return ['instruction: its bytes cannot be read'];
  const { text, length } = disassemble(bytes, processor.rip, processor.codeSizeBits);
  return [`instruction: ${hexBytes(bytes.subarray(0, Math.max(length, 1)))}  ${text}`];
}

/** Words on the stack that are addresses inside functions: without frame pointers, candidates for callers. */
function stackLines(machine: Machine): string[] {
  const { processor, symbols } = machine;
  const wordBytes = processor.mode === CpuMode.Long ? 8 : processor.mode === CpuMode.Real ? 2 : 4;
  const base = processor.debug.stackLinearAddress();
  const bytes = processor.debug.readLinear(base, STACK_BYTES_SEARCHED);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (
    let at = 0;
    at + wordBytes <= bytes.byteLength && lines.length < STACK_FRAMES_MAX;
    at += wordBytes
  ) {
    const word =
      wordBytes === 8
        ? view.getBigUint64(at, true)
        : wordBytes === 4
          ? BigInt(view.getUint32(at, true))
          : BigInt(view.getUint16(at, true));
    const name = symbols.nameOf(word);
    if (name !== null)
      lines.push(`  rsp+0x${at.toString(16).padEnd(4)} 0x${word.toString(16)} ${name}`);
  }
  if (bytes.byteLength === 0) {
    return [`stack: linear address 0x${base.toString(16)} is not mapped`];
  }
  return lines.length === 0 ? [] : ['stack, words that are addresses in functions:', ...lines];
}

function branchLines(machine: Machine): string[] {
  const blocks = machine.processor.lastBlocks(BRANCHES_MAX);
  if (blocks.length === 0) return [];
  const lines = blocks.map(({ rip, isInRealMode, instructions }) => {
    const place = `${isInRealMode ? 'cs:' : ''}${machine.symbols.describe(rip)}`;
    return `  ${place}, ${instructions} instruction${instructions === 1 ? '' : 's'}`;
  });
  return ['last blocks executed, newest last:', ...lines];
}

/** How the page tables translate a linear address, entry by entry. */
export function pageWalkLines(machine: Machine, linear: bigint): string[] {
  const walk = machine.processor.pageWalkDebug(linear);
  const lines = [`page walk of 0x${linear.toString(16)}:`];
  for (const step of walk.steps) {
    lines.push(
      `  ${step.table} entry at 0x${step.entryAddress.toString(16)} = 0x${step.entry.toString(16)}`,
    );
  }
  lines.push(`  ${walk.verdict}`);
  return lines;
}

function hexBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
