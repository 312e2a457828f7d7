/**
 * Segment and gate descriptors in the SDM's words.
 * Source: SDM Vol. 3, "Segment Descriptors", "System Descriptor Types", "IDT Descriptors".
 */

import { CpuMode } from '../isa/state-layout.js';

export interface Descriptor {
  /** Null: all its bytes are zero. */
  readonly text: string | null;
  readonly sizeBytes: number;
}

export const DESCRIPTOR_BYTES = 8;
/** Of TSS, LDT and gates in IA-32e mode. */
const LONG_DESCRIPTOR_BYTES = 16;
/** Offset and segment of a real-address vector. */
const REAL_VECTOR_BYTES = 4;

const TYPE_LDT = 2;
const TYPE_TASK_GATE = 5;
/** In IA-32e mode the types of 16 bits, and the task gate, are reserved. */
const SYSTEM_TYPES: readonly (string | undefined)[] = [
  undefined,
  '16-bit TSS (Available)',
  'LDT',
  '16-bit TSS (Busy)',
  '16-bit Call Gate',
  'Task Gate',
  '16-bit Interrupt Gate',
  '16-bit Trap Gate',
  undefined,
  '32-bit TSS (Available)',
  undefined,
  '32-bit TSS (Busy)',
  '32-bit Call Gate',
  undefined,
  '32-bit Interrupt Gate',
  '32-bit Trap Gate',
];
const GATE = 4;

export const ATTRIBUTE_S = 1 << 4;
const ATTRIBUTE_P = 1 << 7;
const ATTRIBUTE_L = 1 << 13;
const ATTRIBUTE_DB = 1 << 14;
const ATTRIBUTE_G = 1 << 15;
const TYPE_CODE = 1 << 3;
const PAGE_SHIFT = 12n;

export function hexOf(value: bigint | number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** IA-32e mode. */
export function isLongMode(mode: CpuMode): boolean {
  return mode === CpuMode.Long || mode === CpuMode.Compatibility;
}

/** Bytes of an entry of the IDT. */
export function gateBytes(mode: CpuMode): number {
  if (mode === CpuMode.Real) return REAL_VECTOR_BYTES;
  return isLongMode(mode) ? LONG_DESCRIPTOR_BYTES : DESCRIPTOR_BYTES;
}

/** The type of a system segment or gate. */
export function systemType(type: number, isLong: boolean): string {
  const name = SYSTEM_TYPES[type];
  if (name === undefined) return `Reserved (type ${hexOf(type)})`;
  if (!isLong || type === TYPE_LDT) return name;
  if (type < 8) return `Reserved (type ${hexOf(type)})`;
  return name.replace('32-bit', '64-bit');
}

/** Type, DPL and size of a segment, by bits 40 to 55 of its descriptor. */
export function segmentWords(attributes: number, isLong: boolean): string {
  const type = attributes & 0xf;
  const dpl = `DPL ${(attributes >> 5) & 3}`;
  const absent = (attributes & ATTRIBUTE_P) === 0 ? ', not present' : '';
  if ((attributes & ATTRIBUTE_S) === 0) return `${systemType(type, isLong)}, ${dpl}${absent}`;
  const accessed = (type & 1) === 0 ? '' : ', accessed';
  const bits = (attributes & ATTRIBUTE_DB) === 0 ? '16-bit' : '32-bit';
  if ((type & TYPE_CODE) === 0) {
    const access = (type & 2) === 0 ? 'Read-Only' : 'Read/Write';
    const direction = (type & 4) === 0 ? '' : ', expand-down';
    return `Data, ${access}${direction}${accessed}, ${dpl}, ${bits}${absent}`;
  }
  const access = (type & 2) === 0 ? 'Execute-Only' : 'Execute/Read';
  const conforming = (type & 4) === 0 ? '' : ', conforming';
  const size = isLong && (attributes & ATTRIBUTE_L) !== 0 ? '64-bit' : bits;
  return `Code, ${access}${conforming}${accessed}, ${dpl}, ${size}${absent}`;
}

/** The descriptor at an offset of a table, or null where the table ends before its end. */
export function descriptorAt(
  table: DataView,
  offset: number,
  isLong: boolean,
  nameOf: (linear: bigint) => string,
): Descriptor | null {
  if (offset + DESCRIPTOR_BYTES > table.byteLength) return null;
  const low = table.getBigUint64(offset, true);
  if (low === 0n) return { text: null, sizeBytes: DESCRIPTOR_BYTES };
  const attributes = Number((low >> 40n) & 0xf0ffn);
  const isSystem = (attributes & ATTRIBUTE_S) === 0;
  const sizeBytes = isLong && isSystem ? LONG_DESCRIPTOR_BYTES : DESCRIPTOR_BYTES;
  if (offset + sizeBytes > table.byteLength) {
    return { text: 'cut off by the limit of the table', sizeBytes };
  }
  const high = sizeBytes === DESCRIPTOR_BYTES ? 0n : table.getBigUint64(offset + 8, true);
  const isGate = isSystem && (attributes & GATE) !== 0;
  const text = isGate
    ? gateText(low, high, isLong, nameOf)
    : segmentText(low, high, attributes, isLong);
  return { text, sizeBytes };
}

function segmentText(low: bigint, high: bigint, attributes: number, isLong: boolean): string {
  const base =
    ((low >> 16n) & 0xff_ffffn) | (((low >> 56n) & 0xffn) << 24n) | ((high & 0xffff_ffffn) << 32n);
  const field = (low & 0xffffn) | (((low >> 48n) & 0xfn) << 16n);
  const isInPages = (attributes & ATTRIBUTE_G) !== 0;
  const limit = isInPages ? (field << PAGE_SHIFT) | 0xfffn : field;
  return `${segmentWords(attributes, isLong)}, base ${hexOf(base)}, limit ${hexOf(limit)}`;
}

function gateText(
  low: bigint,
  high: bigint,
  isLong: boolean,
  nameOf: (linear: bigint) => string,
): string {
  const selector = hexOf((low >> 16n) & 0xffffn, 4);
  const attributes = Number((low >> 40n) & 0xffn);
  const type = attributes & 0xf;
  const words = segmentWords(attributes, isLong);
  if (type === TYPE_TASK_GATE && !isLong) return `${words}, TSS selector ${selector}`;
  const upper = type < 8 ? 0n : (low >> 48n) << 16n;
  const offset = (low & 0xffffn) | upper | ((high & 0xffff_ffffn) << 32n);
  const table = isLong ? Number((low >> 32n) & 7n) : 0;
  const stack = table === 0 ? '' : `, IST ${table}`;
  return `${words}, target ${selector}:${nameOf(offset)}${stack}`;
}
