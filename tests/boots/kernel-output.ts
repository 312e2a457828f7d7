/** Reads what the kernel prints about memory: its map, its RAM, its reservations, its counts. */

/** Addresses; `end` is one past the last byte. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface FirmwareEntry extends AddressRange {
  /** As printed: `usable`, `reserved`, `ACPI data`, … */
  readonly type: string;
}

export interface Reservation extends AddressRange {
  readonly owner: string;
}

export interface MemoryCounts {
  readonly total: bigint;
  readonly free: bigint;
  readonly used: bigint;
  readonly reserved: bigint;
}

export interface KernelOutput {
  readonly firmwareMap: readonly FirmwareEntry[];
  readonly ram: readonly AddressRange[];
  readonly reservations: readonly Reservation[];
  /** What mem_print_stats printed, each time. */
  readonly counts: readonly MemoryCounts[];
  /** `PASS`/`FAIL` lines of the suite: name and verdict. */
  readonly lines: readonly string[];
}

const PAGE_BYTES = 4096n;
const RANGE = /\[mem (0x[0-9a-f]{16})-(0x[0-9a-f]{16})\]/;

export function parseKernelOutput(text: string): KernelOutput {
  const lines = text.split('\n');
  return {
    lines,
    firmwareMap: lines
      .filter((line) => line.startsWith('BIOS-e820: '))
      .map((line) => ({ ...rangeOf(line), type: line.slice(line.indexOf('] ') + 2) })),
    ram: section(lines, '[nk_boot] usable RAM, ranges: ').map(rangeOf),
    reservations: section(lines, '[nk_boot] memory layout, reserved:').map((line) => ({
      ...rangeOf(line),
      owner: /\] (.*), [^,]*$/.exec(line)?.[1] ?? '',
    })),
    counts: lines.flatMap((line, at) =>
      line === '[nk_mem] Physical Memory Statistics:' ? [countsAt(lines, at + 1)] : [],
    ),
  };
}

/** Pages that both lists share: the first may overlap in itself, the second is disjoint. */
export function pagesWithin(
  ranges: readonly AddressRange[],
  usable: readonly { readonly first: bigint; readonly last: bigint }[],
): bigint {
  let pages = 0n;
  for (const { first, last } of usable) {
    // Pages of this stretch that some range touches: marked where ranges begin and end, counted between marks.
    const marks = [...new Set([first, last + 1n, ...ranges.flatMap(edges)])]
      .filter((page) => page >= first && page <= last + 1n)
      .sort((a, b) => (a < b ? -1 : 1));
    marks.slice(0, -1).forEach((page, index) => {
      const next = marks[index + 1] ?? page;
      if (ranges.some((range) => touches(range, page))) pages += next - page;
    });
  }
  return pages;
}

function edges({ start, end }: AddressRange): bigint[] {
  return [start / PAGE_BYTES, (end + PAGE_BYTES - 1n) / PAGE_BYTES];
}

function touches({ start, end }: AddressRange, page: bigint): boolean {
  return start < (page + 1n) * PAGE_BYTES && end > page * PAGE_BYTES;
}

/** The indented lines behind a heading. */
function section(lines: readonly string[], heading: string): string[] {
  const at = lines.findIndex((line) => line.startsWith(heading));
  if (at < 0) return [];
  const behind = lines.slice(at + 1);
  const end = behind.findIndex((line) => !line.startsWith('[nk_boot]   '));
  return behind.slice(0, end);
}

function rangeOf(line: string): AddressRange {
  const match = RANGE.exec(line);
  if (match === null) throw new Error(`no range in the kernel's line: ${line}`);
  return { start: BigInt(match[1] ?? 0), end: BigInt(match[2] ?? 0) + 1n };
}

function countsAt(lines: readonly string[], at: number): MemoryCounts {
  const [total = 0n, free = 0n, used = 0n, reserved = 0n] = [
    'Total: ',
    'Free : ',
    'Used : ',
    'Rsvd : ',
  ].map((label, index) => {
    const match = /^\[nk_mem\] {3}(.*: )(\d+) pages \((\d+)\.(\d\d) MiB\)$/.exec(
      lines[at + index] ?? '',
    );
    if (match === null || match[1] !== label)
      throw new Error(`not the row ${label}: ${lines[at + index]}`);
    const pages = BigInt(match[2] ?? 0);
    const hundredths = (pages * 100n) / 256n;
    if (
      `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}` !==
      `${match[3]}.${match[4]}`
    ) {
      throw new Error(`the MiB of ${pages} pages are wrong: ${lines[at + index]}`);
    }
    return pages;
  });
  return { total, free, used, reserved };
}
