/**
 * Paging as the tables of the SDM describe it (Vol. 3A, "Paging": formats of CR3 and of each paging-structure entry, "Access
 * Rights", "Page-Fault Exceptions"), written down entry by entry and apart from the emulator: the tests' second opinion.
 */

export type PagingMode = '32-bit' | 'PAE' | '4-level' | '5-level';

export interface PagingControls {
  readonly mode: PagingMode;
  readonly writeProtect: boolean; // CR0.WP
  readonly pageSizeExtensions: boolean; // CR4.PSE
  readonly executeDisable: boolean; // EFER.NXE
  readonly smep: boolean;
  readonly smap: boolean;
  readonly alignmentCheck: boolean; // RFLAGS.AC
  readonly physicalBits: number; // MAXPHYADDR
  readonly pse36: boolean; // CPUID.01H:EDX[17]
}

export interface Access {
  readonly kind: 'read' | 'write' | 'fetch';
  readonly user: boolean;
}

export type Outcome =
  | {
      readonly mapped: true;
      readonly physical: bigint;
      readonly pageBits: number;
      readonly used: readonly EntryUse[];
    }
  | { readonly mapped: false; readonly errorCode: number };

/** An entry that the walk used, and what it holds afterwards. */
export interface EntryUse {
  readonly address: bigint;
  readonly after: bigint;
}

/** One level of a paging structure. */
interface Level {
  readonly name: string;
  /** Lowest bit of the linear address that selects the entry, and how many bits do. */
  readonly shift: number;
  readonly bits: number;
  /** Bits that are reserved when the entry refers to another structure. */
  reserved(controls: PagingControls): bigint;
  /** The entry's page when PS = 1; absent where PS cannot map a page (then PS is reserved, or ignored in 32-bit mode without PSE). */
  readonly large?: { readonly pageBits: number; reserved(controls: PagingControls): bigint };
}

const bit = (n: number): bigint => 1n << BigInt(n);
const bits = (high: number, low: number): bigint => {
  let mask = 0n;
  for (let n = low; n <= high; n++) mask |= bit(n);
  return mask;
};

const XD = 63;
/** Reserved in every 8-byte entry of IA-32e paging: 51:M, and XD without NXE. */
const longReserved = (c: PagingControls): bigint =>
  bits(51, c.physicalBits) | (c.executeDisable ? 0n : bit(XD));
/** Reserved in PDEs and PTEs of PAE paging: 62:M, and XD without NXE. */
const paeReserved = (c: PagingControls): bigint =>
  bits(62, c.physicalBits) | (c.executeDisable ? 0n : bit(XD));

/**
 * "Format of a 32-Bit Page-Directory Entry that Maps a 4-MByte Page": M, the minimum of 40 and MAXPHYADDR, or 32 where PSE-36 is not
 * offered. Bits (M-20):13 are bits (M-1):32 of the address, and bits 21:(M-19) are reserved.
 */
const narrowAddressBits = (c: PagingControls): number =>
  c.pse36 ? Math.min(40, c.physicalBits) : 32;

const LEVELS: Readonly<Record<PagingMode, readonly Level[]>> = {
  '32-bit': [
    {
      name: 'PDE',
      shift: 22,
      bits: 10,
      reserved: () => 0n,
      large: { pageBits: 22, reserved: (c) => bits(21, narrowAddressBits(c) - 19) },
    },
    { name: 'PTE', shift: 12, bits: 10, reserved: () => 0n },
  ],
  PAE: [
    {
      name: 'PDE',
      shift: 21,
      bits: 9,
      reserved: paeReserved,
      large: { pageBits: 21, reserved: () => bits(20, 13) },
    },
    { name: 'PTE', shift: 12, bits: 9, reserved: paeReserved },
  ],
  '4-level': [
    { name: 'PML4E', shift: 39, bits: 9, reserved: (c) => longReserved(c) | bit(7) },
    {
      name: 'PDPTE',
      shift: 30,
      bits: 9,
      reserved: longReserved,
      large: { pageBits: 30, reserved: () => bits(29, 13) },
    },
    {
      name: 'PDE',
      shift: 21,
      bits: 9,
      reserved: longReserved,
      large: { pageBits: 21, reserved: () => bits(20, 13) },
    },
    { name: 'PTE', shift: 12, bits: 9, reserved: longReserved },
  ],
  '5-level': [],
};
const PML5E: Level = {
  name: 'PML5E',
  shift: 48,
  bits: 9,
  reserved: (c) => longReserved(c) | bit(7),
};

export function levelsOf(mode: PagingMode): readonly Level[] {
  return mode === '5-level' ? [PML5E, ...LEVELS['4-level']] : LEVELS[mode];
}

/**
 * Walks from the structure at `root` (for PAE: the page directory that the PDPTE register names). `read` returns the
 * entry of 4 (32-bit mode) or 8 bytes at a physical address.
 */
export function translate(
  controls: PagingControls,
  root: bigint,
  linear: bigint,
  access: Access,
  read: (address: bigint) => bigint,
): Outcome {
  const levels = levelsOf(controls.mode);
  const entryBytes = controls.mode === '32-bit' ? 4n : 8n;
  const path: { address: bigint; entry: bigint }[] = [];
  let structure = root;
  for (const level of levels) {
    const index = (linear >> BigInt(level.shift)) & (bit(level.bits) - 1n);
    const address = structure + index * entryBytes;
    const entry = read(address);
    path.push({ address, entry });
    if ((entry & bit(0)) === 0n)
      return { mapped: false, errorCode: errorCode(controls, access, false, false) };
    const psCounts =
      level.large !== undefined && (controls.mode !== '32-bit' || controls.pageSizeExtensions);
    const large = psCounts && (entry & bit(7)) !== 0n ? level.large : undefined;
    const reserved = level.reserved(controls) | (large?.reserved(controls) ?? 0n);
    if ((entry & reserved) !== 0n)
      return { mapped: false, errorCode: errorCode(controls, access, true, true) };
    if (large !== undefined || level.name === 'PTE') {
      const pageBits = large?.pageBits ?? 12;
      if (
        !permitted(
          controls,
          access,
          path.map((step) => step.entry),
        )
      ) {
        return { mapped: false, errorCode: errorCode(controls, access, true, false) };
      }
      const frame =
        controls.mode === '32-bit'
          ? narrowFrame(controls, entry, pageBits)
          : entry & bits(51, pageBits);
      return {
        mapped: true,
        physical: frame | (linear & (bit(pageBits) - 1n)),
        pageBits,
        used: marked(path, access),
      };
    }
    structure = entry & bits(controls.mode === '32-bit' ? 31 : 51, 12);
  }
  throw new Error('a walk ends at a PTE');
}

/** The page of an entry of 32-bit paging. */
function narrowFrame(c: PagingControls, entry: bigint, pageBits: number): bigint {
  const low = entry & bits(31, pageBits);
  if (pageBits === 12) return low;
  let high = 0n;
  for (let n = 32; n < narrowAddressBits(c); n++) if ((entry & bit(n - 19)) !== 0n) high |= bit(n);
  return low | high;
}

/** "Determination of Access Rights". */
function permitted(c: PagingControls, access: Access, entries: readonly bigint[]): boolean {
  const userPage = entries.every((entry) => (entry & bit(2)) !== 0n);
  const writable = entries.every((entry) => (entry & bit(1)) !== 0n);
  const executable = !(
    c.executeDisable &&
    c.mode !== '32-bit' &&
    entries.some((entry) => (entry & bit(XD)) !== 0n)
  );
  if (access.user) {
    if (!userPage) return false;
    if (access.kind === 'fetch') return executable;
    return access.kind === 'read' || writable;
  }
  if (userPage) {
    if (access.kind === 'fetch') return executable && !c.smep;
    if (c.smap && !c.alignmentCheck) return false;
  }
  if (access.kind === 'fetch') return executable;
  return access.kind === 'read' || writable || !c.writeProtect;
}

/** "Page-Fault Exceptions": P, W/R, U/S, RSVD, I/D. */
function errorCode(c: PagingControls, access: Access, present: boolean, reserved: boolean): number {
  const fetchReported = c.smep || (c.executeDisable && c.mode !== '32-bit');
  return (
    (present ? 1 : 0) |
    (access.kind === 'write' ? 2 : 0) |
    (access.user ? 4 : 0) |
    (reserved ? 8 : 0) |
    (access.kind === 'fetch' && fetchReported ? 16 : 0)
  );
}

function marked(path: readonly { address: bigint; entry: bigint }[], access: Access): EntryUse[] {
  return path.map(({ address, entry }, index) => ({
    address,
    after: entry | bit(5) | (access.kind === 'write' && index === path.length - 1 ? bit(6) : 0n),
  }));
}
