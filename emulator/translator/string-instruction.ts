/** What a string instruction's micro-op says of it. */
import { StringKind } from '../isa/uop.js';
import { SLOT_RAX, SLOT_RCX, SLOT_RDI, SLOT_RSI, WIDTH_16 } from './region-code.js';

/** The description that Door.String has in imm (isa/uop.ts). */
export interface StringInstruction {
  readonly kind: StringKind;
  /** Width of the elements, and of addresses and the count register. */
  readonly width: number;
  readonly addressWidth: number;
  readonly isRepeated: boolean;
  /** Segment of the element at rSI. */
  readonly segment: number;
}

export function stringInstruction(imm: bigint): StringInstruction {
  const description = Number(imm);
  return {
    kind: description & 15,
    width: (description >> 4) & 3,
    addressWidth: WIDTH_16 + ((description >> 12) & 3),
    isRepeated: ((description >> 6) & 3) !== 0,
    segment: (description >> 8) & 7,
  };
}

/** INS and OUTS access a port. */
export function accessesPort({ kind }: StringInstruction): boolean {
  return kind >= StringKind.Ins;
}

/** Its flags are those of a comparison. */
export function compares({ kind }: StringInstruction): boolean {
  return kind === StringKind.Cmps || kind === StringKind.Scas;
}

/** MOVS, STOS: all that ends a repeated one is its count. */
export function storesAlone({ kind }: StringInstruction): boolean {
  return kind === StringKind.Movs || kind === StringKind.Stos;
}

/** Registers that it reads or writes; a repeated one counts in rCX. */
export function registersOf({ kind, isRepeated }: StringInstruction): readonly number[] {
  const readsSource = kind !== StringKind.Stos && kind !== StringKind.Scas;
  return [
    ...(kind === StringKind.Movs || kind === StringKind.Cmps ? [] : [SLOT_RAX]),
    ...(isRepeated ? [SLOT_RCX] : []),
    ...(readsSource ? [SLOT_RSI] : []),
    ...(kind === StringKind.Lods ? [] : [SLOT_RDI]),
  ];
}
