/** Names of the processor's registers and where each lies in linear memory. */
import {
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  GDTR_BASE,
  GDTR_LIMIT,
  IA32_EFER,
  IDTR_BASE,
  IDTR_LIMIT,
} from '../isa/state-layout.js';
import { Segment } from '../isa/uop.js';

/** The general-purpose registers in the order of their numbers. */
export const GENERAL_REGISTERS = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;
export type GeneralRegister = (typeof GENERAL_REGISTERS)[number];

export const CONTROL_REGISTER_ADDRESSES = {
  cr0: CR0,
  cr2: CR2,
  cr3: CR3,
  cr4: CR4,
  cr8: CR8,
  efer: IA32_EFER,
} as const;
export type ControlRegister = keyof typeof CONTROL_REGISTER_ADDRESSES;

export const SEGMENT_NUMBERS = {
  es: Segment.ES,
  cs: Segment.CS,
  ss: Segment.SS,
  ds: Segment.DS,
  fs: Segment.FS,
  gs: Segment.GS,
  ldtr: Segment.LDTR,
  tr: Segment.TR,
} as const;
export type SegmentName = keyof typeof SEGMENT_NUMBERS;

export const DESCRIPTOR_TABLES = {
  gdtr: { base: GDTR_BASE, limit: GDTR_LIMIT },
  idtr: { base: IDTR_BASE, limit: IDTR_LIMIT },
} as const;
export type DescriptorTableName = keyof typeof DESCRIPTOR_TABLES;

/** A segment register with its hidden part. */
export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes, granularity applied: the last offset inside (or the last one outside, expand-down). */
  readonly limit: number;
  /** Access byte in bits 0-7; AVL, L, D/B, G in bits 12-15. */
  readonly attributes: number;
  /** No usable segment: a null selector. */
  readonly unusable: boolean;
}

export interface DescriptorTableState {
  readonly base: bigint;
  /** Last byte's offset. */
  readonly limit: number;
}
