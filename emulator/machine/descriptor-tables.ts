/** GDT, IDT and TSS for people, as the processor would read them in the present mode. */
import { exceptionMnemonic } from '../isa/exceptions.js';
import { CpuMode } from '../isa/state-layout.js';
import type { Machine } from './machine.js';
import {
  ATTRIBUTE_S,
  descriptorAt,
  DESCRIPTOR_BYTES,
  gateBytes,
  hexOf,
  isLongMode,
  systemType,
} from './descriptor-words.js';

/** Entries of a table, both included. */
export interface EntryRange {
  readonly first: number;
  readonly last: number;
}

const VECTORS = 256;
const ACCESS_BYTE = 5;
const TYPE_MASK = 0xf;
/** Exceptions of the SDM; the rest is the operating system's. */
const EXCEPTION_VECTORS = 32;

/** The bytes of a table that are mapped, and what to say of the others. */
function readTable(machine: Machine, base: bigint, sizeBytes: number): [DataView, string[]] {
  const bytes = machine.processor.debug.readLinear(base, sizeBytes);
  const missing =
    bytes.length < sizeBytes ? [`not mapped from ${hexOf(base + BigInt(bytes.length))} on`] : [];
  return [new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), missing];
}

/** Null descriptors are left out; and all, unless some are asked for, where none is in use: after a reset the GDT is all of 64 KiB. */
export function descriptorTable(machine: Machine, { first, last }: EntryRange): string[] {
  const { processor } = machine;
  const { base, limit } = processor.descriptorTable('gdtr');
  if (processor.mode === CpuMode.Real && last === Infinity) {
    return [tableHead('GDT', base, limit), 'real-address mode does not use it (gdt FIRST LAST)'];
  }
  const [table, missing] = readTable(machine, base, limit + 1);
  const rows: string[] = [];
  let offset = 0;
  for (;;) {
    const descriptor = descriptorAt(
      table,
      offset,
      isLongMode(machine.processor.mode),
      describer(machine),
    );
    if (descriptor === null) break;
    const entry = offset / DESCRIPTOR_BYTES;
    if (descriptor.text !== null && entry >= first && entry <= last) {
      rows.push(`GDT[${hexOf(offset, 4)}]: ${descriptor.text}`);
    }
    offset += descriptor.sizeBytes;
  }
  return [tableHead('GDT', base, limit), ...rows, ...missing];
}

export function interruptTable(machine: Machine, range: EntryRange): string[] {
  const { mode } = machine.processor;
  const { base, limit } = machine.processor.descriptorTable('idtr');
  const [table, missing] = readTable(machine, base, limit + 1);
  const sizeBytes = gateBytes(mode);
  const last = Math.min(range.last, VECTORS - 1, Math.floor(table.byteLength / sizeBytes) - 1);
  const rows: { text: string; first: number; last: number }[] = [];
  for (let vector = range.first; vector <= last; vector++) {
    const at = vector * sizeBytes;
    const text =
      mode === CpuMode.Real ? realVector(machine, table, at) : gateText(machine, table, at);
    if (text === null) continue;
    const before = rows.at(-1);
    // What other software has left where a table is not set up yet would be 256 lines.
    if (text === NO_GATE && before?.text === NO_GATE && before.last === vector - 1) {
      before.last = vector;
    } else rows.push({ text, first: vector, last: vector });
  }
  const lines = rows.map((row) => {
    const end = row.first === row.last ? exceptionOf(row.first) : ` to ${hexOf(row.last, 2)}`;
    return `IDT[${hexOf(row.first, 2)}]${end}: ${row.text}`;
  });
  return [tableHead('IDT', base, limit), ...lines, ...missing];
}

const NO_GATE = 'not a gate of an IDT';

function gateText(machine: Machine, table: DataView, at: number): string | null {
  const isLong = isLongMode(machine.processor.mode);
  const access = table.getUint8(at + ACCESS_BYTE);
  const isGate = (access & ATTRIBUTE_S) === 0 && isGateOfIdt(access & TYPE_MASK, isLong);
  const text = descriptorAt(table, at, isLong, describer(machine))?.text ?? null;
  return text === null || isGate ? text : NO_GATE;
}

/** Interrupt and trap gates, and the task gate outside of IA-32e mode. [SDM-3A "IDT Descriptors", "64-Bit Mode IDT"] */
function isGateOfIdt(type: number, isLong: boolean): boolean {
  return isLong ? type === 0xe || type === 0xf : [5, 6, 7, 0xe, 0xf].includes(type);
}

function realVector({ symbols }: Machine, table: DataView, at: number): string | null {
  const [offset, segment] = [table.getUint16(at, true), table.getUint16(at + 2, true)];
  if (offset === 0 && segment === 0) return null;
  const digits = (value: number): string => value.toString(16).padStart(4, '0');
  const linear = symbols.describe(BigInt(segment * 16 + offset));
  return `${digits(segment)}:${digits(offset)} (${linear})`;
}

function exceptionOf(vector: number): string {
  return vector < EXCEPTION_VECTORS ? ` ${exceptionMnemonic(vector)}` : '';
}

function describer({ symbols }: Machine): (linear: bigint) => string {
  return (linear) => symbols.describe(linear);
}

function tableHead(name: string, base: bigint, limit: number): string {
  return `${name}: base ${hexOf(base, 16)}, limit ${hexOf(limit, 4)}`;
}

/** Fields of a TSS: name, offset, bytes. [SDM-3A "Task-State Segment (TSS)", "TSS Descriptor in 64-bit mode", "16-Bit Task-State Segment"] */
type Fields = readonly (readonly [name: string, offset: number, sizeBytes: 2 | 4 | 8])[];

const TSS_64: Fields = [
  ['RSP0', 4, 8],
  ['RSP1', 12, 8],
  ['RSP2', 20, 8],
  ...Array.from({ length: 7 }, (_, index) => [`IST${index + 1}`, 36 + 8 * index, 8] as const),
  ['I/O map base', 102, 2],
];
const TSS_32: Fields = [
  ['link', 0, 2],
  ...[0, 1, 2].flatMap((level) => [
    [`ESP${level}`, 4 + 8 * level, 4] as const,
    [`SS${level}`, 8 + 8 * level, 2] as const,
  ]),
  ...['CR3', 'EIP', 'EFLAGS', 'EAX', 'ECX', 'EDX', 'EBX', 'ESP', 'EBP', 'ESI', 'EDI'].map(
    (name, index) => [name, 28 + 4 * index, 4] as const,
  ),
  ...['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDT', 'T'].map(
    (name, index) => [name, 72 + 4 * index, 2] as const,
  ),
  ['I/O map base', 102, 2],
];
const TSS_16: Fields = [
  'link SP0 SS0 SP1 SS1 SP2 SS2 IP FLAGS AX CX DX BX SP BP SI DI ES CS SS DS LDT',
].flatMap((names) => names.split(' ').map((name, index) => [name, 2 * index, 2] as const));

/** Of a system segment's type: 32 bits, or 64. */
const TYPE_WIDE = 1 << 3;

export function taskState(machine: Machine): string[] {
  const { processor } = machine;
  if (processor.mode === CpuMode.Real) return ['real-address mode has no TSS'];
  const { selector, base, limit, attributes, unusable } = processor.segment('tr');
  if (unusable || (selector & ~3) === 0) return ['TR is null: there is no TSS'];
  const isLong = isLongMode(machine.processor.mode);
  const type = attributes & TYPE_MASK;
  const fields = isLong ? TSS_64 : (type & TYPE_WIDE) === 0 ? TSS_16 : TSS_32;
  const [table, missing] = readTable(machine, base, Math.min(limit + 1, 104));
  const rows = fields.flatMap(([name, offset, sizeBytes]) => {
    if (offset + sizeBytes > table.byteLength) return [];
    const value =
      sizeBytes === 8
        ? table.getBigUint64(offset, true)
        : sizeBytes === 4
          ? table.getUint32(offset, true)
          : table.getUint16(offset, true);
    return [`  ${name.padEnd(12)} ${hexOf(value, 2 * sizeBytes)}`];
  });
  const place = `base ${hexOf(base, 8)}, limit ${hexOf(limit, 4)}`;
  return [`tr ${hexOf(selector, 4)}: ${systemType(type, isLong)}, ${place}`, ...rows, ...missing];
}
