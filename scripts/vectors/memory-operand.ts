/** Memory operands of every addressing form, with the register values that make them point where they should. */
import type { MemoryOperand } from './encoder.js';
import { RBP, RSP } from './encoder.js';
import { FixupKind, type Fixup } from './initial-state.js';
import {
  DATA_BASE,
  DATA_END,
  GS_BASE,
  HIGH_EDGE,
  MIDDLE,
  MIDDLE_BYTES,
  READ_ONLY_BASE,
} from './layout.js';
import type { Random } from './random.js';

export interface PickedMemory {
  readonly operand: MemoryOperand;
  readonly fixups: readonly Fixup[];
  /** The address is chosen to fault (if the access is of that kind). */
  readonly faulty: boolean;
}

export interface MemoryWish {
  readonly sizeBytes: number;
  /** Registers whose values the instruction needs otherwise. */
  readonly avoid?: readonly number[];
  /** Addresses that fault are left out. */
  readonly safe?: boolean;
  readonly alignBytes?: number;
  /** Exactly this address. */
  readonly address?: number;
}

/** First address, and how it varies by case. */
interface Target {
  readonly address: bigint;
  readonly count: number;
  readonly step: number;
  readonly faulty: boolean;
}

/** A fixup that sets a register (or, from 16, the quadword at an offset of the image) to start + step × draw. */
export function range(
  target: number,
  start: bigint | number,
  options: { count?: number; step?: number; keepBits?: number } = {},
): Fixup {
  const { count = 1, step = 1, keepBits = 64 } = options;
  const bits = BigInt.asUintN(64, BigInt(start));
  const startLow = Number(bits & 0xffff_ffffn) | 0;
  const startHigh = Number(bits >> 32n) | 0;
  return { target, kind: FixupKind.Range, keepBits, startLow, startHigh, count, step, source: 0 };
}

/** A fixup that takes its value from elsewhere in the state. */
export function copied(
  target: number,
  kind: Exclude<FixupKind, FixupKind.Range>,
  source: number,
  options: { count?: number; keepBits?: number } = {},
): Fixup {
  return { ...range(target, 0, options), kind, source };
}

export function pickMemory(random: Random, wish: MemoryWish): PickedMemory {
  const target = pickTarget(random, wish);
  const addressBits = target.address < 0x1_0000_0000n && random.chance(0.2) ? 32 : 64;
  const useGs = target.address >= GS_BASE && target.address < 0x7fff_ffffn && random.chance(0.08);
  const segment = useGs ? 'gs' : null;
  const effective = useGs ? { ...target, address: target.address - BigInt(GS_BASE) } : target;
  const place = { addressBits, segment } as const;
  const shape = random.below(100);
  const canBeAbsolute = effective.address < 0x7fff_ffffn && target.count === 1;
  if (shape < 8 && canBeAbsolute && !useGs) {
    const displacement = Number(effective.address);
    return {
      operand: { ...plain('rip', displacement), ...place },
      fixups: [],
      faulty: target.faulty,
    };
  }
  if (shape < 12 && canBeAbsolute) {
    const displacement = Number(effective.address);
    return {
      operand: { ...plain(null, displacement), ...place },
      fixups: [],
      faulty: target.faulty,
    };
  }
  const [operand, fixups] =
    shape < 50
      ? baseOnly(random, wish, effective, place)
      : shape < 90
        ? baseAndIndex(random, wish, effective, place)
        : shape < 95
          ? indexOnly(random, wish, effective, place)
          : baseIsIndex(random, wish, effective, place);
  return { operand, fixups, faulty: target.faulty };
}

function pickTarget(random: Random, wish: MemoryWish): Target {
  const { sizeBytes, alignBytes = 1 } = wish;
  const at = (address: number | bigint, faulty: boolean): Target => ({
    address: BigInt(address),
    count: 1,
    step: 1,
    faulty,
  });
  if (wish.address !== undefined) return at(wish.address, false);
  const choice = random.below(100);
  const cut = sizeBytes > 1 ? random.between(1, sizeBytes - 1) : 0;
  if (choice >= 97) return at(DATA_BASE, false);
  if (choice >= 94) return at(DATA_END - Math.ceil(sizeBytes / alignBytes) * alignBytes, false);
  if (wish.safe !== true && choice >= 82) {
    if (choice >= 91) return at(READ_ONLY_BASE + 16 * random.below(200), true);
    if (choice >= 88 && cut > 0) return at(DATA_END - cut, true);
    if (choice >= 86 && cut > 0) return at(DATA_BASE - cut, true);
    if (choice >= 85)
      return at(random.pick([DATA_BASE - 0x800, DATA_END + 0x123, HIGH_EDGE + 0x1000]), true);
    if (choice >= 83)
      return at(
        random.pick([0x8000_0000_0000n, 0xffff_7fff_ffff_fff0n, 0x1234_5678_9abc_def0n]),
        true,
      );
    return at(random.pick([0, 1, 8, 0xff0]), true);
  }
  const units = Math.floor((MIDDLE_BYTES - sizeBytes) / alignBytes);
  const first = random.below(units + 1);
  const step = alignBytes * random.pick([1, 1, 3, 8]);
  const count = Math.min(16, Math.floor(((units - first) * alignBytes) / step) + 1);
  return {
    address: BigInt(MIDDLE + first * alignBytes),
    count: random.chance(0.3) ? 1 : count,
    step,
    faulty: false,
  };
}

type Place = Pick<MemoryOperand, 'addressBits' | 'segment'>;

function plain(
  base: MemoryOperand['base'],
  displacement: number,
): Omit<MemoryOperand, keyof Place> {
  return { base, index: null, scale: 0, displacement, displacementBytes: 4 };
}

function pickRegister(random: Random, avoid: readonly number[] = []): number {
  for (;;) {
    const register = random.below(16);
    if (!avoid.includes(register)) return register;
  }
}

function pickIndex(random: Random, avoid: readonly number[] = []): number {
  return pickRegister(random, [...avoid, RSP]);
}

function pickDisplacement(random: Random, base: number): [number, 0 | 1 | 4] {
  const choice = random.below(4);
  if (choice === 0 && (base & 7) !== RBP) return [0, 0];
  if (choice <= 2) return [random.between(-128, 127), 1];
  return [random.next() | 0, 4];
}

function baseOnly(
  random: Random,
  wish: MemoryWish,
  target: Target,
  place: Place,
): [MemoryOperand, Fixup[]] {
  const base = pickRegister(random, wish.avoid);
  const [displacement, displacementBytes] = pickDisplacement(random, base);
  const start = target.address - BigInt(displacement);
  return [
    { base, index: null, scale: 0, displacement, displacementBytes, ...place },
    [range(base, start, { ...target, keepBits: place.addressBits })],
  ];
}

function baseAndIndex(
  random: Random,
  wish: MemoryWish,
  target: Target,
  place: Place,
): [MemoryOperand, Fixup[]] {
  const base = pickRegister(random, wish.avoid);
  const index = pickIndex(random, [...(wish.avoid ?? []), base]);
  const scale = random.below(4);
  const [displacement, displacementBytes] = pickDisplacement(random, base);
  const indexValue = BigInt(random.chance(0.5) ? random.between(-64, 64) : random.next() | 0);
  const start = target.address - BigInt(displacement) - (indexValue << BigInt(scale));
  const keepBits = place.addressBits;
  return [
    { base, index, scale, displacement, displacementBytes, ...place },
    [range(base, start, { ...target, keepBits }), range(index, indexValue, { keepBits })],
  ];
}

function indexOnly(
  random: Random,
  wish: MemoryWish,
  target: Target,
  place: Place,
): [MemoryOperand, Fixup[]] {
  const index = pickIndex(random, wish.avoid);
  const scale = random.below(4);
  const factor = 1n << BigInt(scale);
  const displacement = (target.address % factor) + factor * BigInt(random.between(-500, 500));
  const value = (target.address - displacement) / factor;
  return [
    { ...plain(null, Number(displacement)), index, scale, ...place },
    [range(index, value, { keepBits: place.addressBits })],
  ];
}

function baseIsIndex(
  random: Random,
  wish: MemoryWish,
  target: Target,
  place: Place,
): [MemoryOperand, Fixup[]] {
  const base = pickIndex(random, wish.avoid);
  const scale = random.below(4);
  const factor = 1n + (1n << BigInt(scale));
  const displacement = (target.address % factor) + factor * BigInt(random.between(-500, 500));
  const value = (target.address - displacement) / factor;
  return [
    { ...plain(base, Number(displacement)), index: base, scale, ...place },
    [range(base, value, { keepBits: place.addressBits })],
  ];
}
