/**
 * Page tables, protection and guard pages of the kernel on the emulated processor: random use against a model, each
 * right against the processor, memory that runs out at every point. A failing run is repeated with its seed:
 * S7X_SEED=number. The numbers in the titles are those of the memory manager's list of tests.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { parseKernelOutput } from './kernel-output.js';
import { kernelSymbol } from './kernel-symbols.js';
import { ParkedKernel } from './parked-kernel.js';
import { mappingsStart, randomMappings, REFUSAL, walk } from './virtual-memory-model.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const LARGE = 512n;
const HUGE = LARGE * LARGE;
/** A physical address where no RAM is, aligned to any page. */
const FAR = 1n << 45n;

/** kernel/src/virtual-memory.ts, Protection. */
const READ = 1n;
const WRITE = 2n;
const EXECUTE = 4n;
const USER = 8n;
/** kernel/src/guarded-memory.ts, Guard and AreaOwner. */
const GUARD_BOTH = 3n;
const HEAP_BLOCK = 2n;
/** kernel/src/memory-check.ts, Invariant. */
const PAGE_TABLES = 9;

const start = (size: string): ParkedKernel => new ParkedKernel(pcMap(parseSize(size)).map);

const given = process.env['S7X_SEED'];
const SEEDS = given === undefined ? [1, 2] : [Number(given)];
const OPERATIONS = 5000;
const RANDOM_TIMEOUT_MS = 300_000;

describe.each(SEEDS)('109: map, protect and unmap at random, seed %d,', (seed) => {
  it.each([
    ['64M', 'four'],
    ['256T', 'five'],
  ])(
    'on %s, which takes %s levels: each walk as the model says',
    (size) => {
      randomMappings(size, seed, OPERATIONS);
    },
    RANDOM_TIMEOUT_MS,
  );
});

/** Code in a page of its own, executable and nothing else; gives its address. */
function placeCode(kernel: ParkedKernel, code: bigint): bigint {
  const frame = kernel.call('pmm_alloc_page');
  const address = mappingsStart(kernel) + 64n * GIB;
  kernel.write64(frame, code);
  expect(kernel.call32('vm_map', address, frame, 1n, READ | EXECUTE, 0n)).toBe(REFUSAL.done);
  return address;
}

const LOAD_AND_RETURN = 0xc3_078b48n; // mov rax, [rdi]; ret
const STORE_AND_RETURN = 0xc3_078948n; // mov [rdi], rax; ret
const RETURN = 0xc3n;

type Access = 'read' | 'write' | 'fetch';

/** Makes the access in ring 0. */
function access(kernel: ParkedKernel, kind: Access, address: bigint): bigint {
  if (kind === 'fetch') return kernel.callAt(address, 'the fetch', []);
  const code = kind === 'read' ? LOAD_AND_RETURN : STORE_AND_RETURN;
  return kernel.callAt(placeCode(kernel, code), `the ${kind}`, [address]);
}

describe('110: the processor enforces', () => {
  // SDM Vol. 3A "Page-Fault Exceptions": P = 1, W/R = 2, I/D = 16. RFLAGS.AC = 0.
  it.each<[string, Access, number | null, bigint | null]>([
    ['R', 'read', null, READ],
    ['R', 'write', 3, READ],
    ['R', 'fetch', 17, READ],
    ['RW', 'write', null, READ | WRITE],
    ['RW', 'fetch', 17, READ | WRITE],
    ['RX', 'fetch', null, READ | EXECUTE],
    ['RX', 'write', 3, READ | EXECUTE],
    ["ring 3's R", 'read', 1, READ | USER],
    ["ring 3's RW", 'read', 1, READ | WRITE | USER],
    ["ring 3's RW", 'write', 3, READ | WRITE | USER],
    ["ring 3's RX", 'fetch', 17, READ | EXECUTE | USER],
    ['no page', 'read', 0, null],
    ['no page', 'write', 2, null],
    ['no page', 'fetch', 16, null],
  ])('%s: a %s gives error code %s', (_, kind, errorCode, rights) => {
    const kernel = start('8M');
    const frame = kernel.call('pmm_alloc_page');
    kernel.write64(frame, RETURN);
    const address = mappingsStart(kernel);
    if (rights !== null) {
      expect(kernel.call32('vm_map', address, frame, 1n, rights, 0n)).toBe(REFUSAL.done);
    }
    expectFault(kernel, kind, address, errorCode);
  });

  it.each<[string, Access, number, (kernel: ParkedKernel) => bigint]>([
    ['the null page', 'read', 0, () => 0n],
    ['the null page', 'write', 2, () => PAGE - 8n],
    ['code', 'write', 3, () => MIB],
    ['constants', 'write', 3, () => kernelSymbol('__rodata_end') - 8n],
    ['constants', 'fetch', 17, () => kernelSymbol('__text_end') + PAGE],
    ['data', 'fetch', 17, () => kernelSymbol('__rodata_end')],
    ['the stack', 'fetch', 17, () => kernelSymbol('__stack_top') - 64n],
    ['the guard below the stack', 'write', 2, () => kernelSymbol('__stack_bottom') + PAGE - 8n],
    ['code, seen through the window', 'write', 3, (k) => k.call('vm_physical', MIB)],
    ['code, seen through the window', 'fetch', 17, (k) => k.call('vm_physical', MIB)],
  ])("the kernel's own pages: %s: a %s gives error code %i", (_, kind, errorCode, place) => {
    const kernel = start('8M');
    expectFault(kernel, kind, place(kernel), errorCode);
  });

  it.each(['vm_map', 'vm_protect'])('W^X: %s refuses both at once', (name) => {
    const kernel = start('8M');
    const address = mappingsStart(kernel);
    const both = READ | WRITE | EXECUTE;
    if (name === 'vm_protect') kernel.call('vm_map', address, FAR, 1n, READ, 0n);
    const args = name === 'vm_map' ? [FAR, 1n, both, 0n] : [1n, both];
    expect(kernel.call32(name, address, ...args)).toBe(REFUSAL.writableAndExecutable);
  });
});

/** The access ends in a panic that names the error code; or, without one, it is made. */
function expectFault(
  kernel: ParkedKernel,
  kind: Access,
  address: bigint,
  errorCode: number | null,
): void {
  if (errorCode === null) {
    access(kernel, kind, address);
    return;
  }
  expect(() => access(kernel, kind, address)).toThrow(/ended the machine \(18\)/);
  const hex = (value: bigint | number): string => `0x${value.toString(16).padStart(16, '0')}`;
  const verb = { read: 'read of', write: 'write to', fetch: 'execution of' }[kind];
  expect(kernel.serial).toContain(
    `#PF page fault, error code ${hex(errorCode)}: ${verb} ${hex(address)}`,
  );
}

describe('108: a guard page names its owner', () => {
  it.each<[string, (area: bigint) => bigint, string]>([
    ['a word before', (area) => area - 8n, '8 bytes before the start of a block of the heap'],
    [
      'the word behind',
      (area) => area + 2n * PAGE,
      '0 bytes behind the end of a block of the heap',
    ],
    ['a word further on', (area) => area + 3n * PAGE - 8n, '4088 bytes behind the end of'],
  ])('for %s an area', (_, place, words) => {
    const kernel = start('8M');
    const area = kernel.call('vm_alloc', 2n, GUARD_BOTH, HEAP_BLOCK);
    expect(() => access(kernel, 'write', place(area))).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toContain(words);
    expect(kernel.serial).toMatch(new RegExp(` at 0x${area.toString(16)}, pages: 2\n`));
  });

  it('when a stack in an area is used up, although nothing can be pushed any more', () => {
    const kernel = start('8M');
    const area = kernel.call('vm_alloc', 1n, GUARD_BOTH, 1n);
    // mov rsp, rdi; push rax
    expect(() => kernel.callAt(placeCode(kernel, 0x50_fc8948n), 'the push', [area])).toThrow(
      /ended the machine \(18\)/,
    );
    expect(kernel.serial).toContain('#DF double fault');
    expect(kernel.serial).toContain('8 bytes before the start of a stack at ');
  });

  it('and areas in great number are disjoint, and give everything back', () => {
    const kernel = start('16M');
    const free = kernel.call('pmm_free_pages');
    const areas = Array.from({ length: 300 }, (_, index) => {
      const pages = BigInt(1 + (index % 4));
      return { pages, at: kernel.call('vm_alloc', pages, BigInt(index % 4), 0n) };
    });
    const sorted = [...areas].sort((a, b) => (a.at < b.at ? -1 : 1));
    sorted.slice(1).forEach(({ at }, index) => {
      const { at: before = 0n, pages = 0n } = sorted[index] ?? {};
      expect(at).toBeGreaterThanOrEqual(before + (pages + 1n) * PAGE);
    });
    const frames = areas.flatMap(({ at, pages }) =>
      Array.from({ length: Number(pages) }, (_, page) => walk(kernel, at + BigInt(page) * PAGE)),
    );
    expect(new Set(frames.map((found) => found?.physical)).size).toBe(frames.length);
    expect(frames.every((found) => found?.rights === Number(READ | WRITE))).toBe(true);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    for (const { at } of [...areas.filter((_, n) => n % 2 === 0), ...areas]) {
      kernel.call('vm_free', at); // every second one twice: refused
    }
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });
});

describe('111: a page of 1 GiB, cut to 2 MiB and 4 KiB,', () => {
  it('keeps its translations, becomes one page again, and all tables are free in the end', () => {
    const kernel = start('8M');
    const address = mappingsStart(kernel);
    const free = kernel.call('pmm_free_pages');
    const tables = (): number => Number(free - kernel.call('pmm_free_pages'));
    const at = (page: bigint): [number, bigint] => {
      const found = walk(kernel, address + page * PAGE);
      return [found?.size ?? 0, found?.physical ?? 0n];
    };
    const protect = (page: bigint, rights: bigint): number =>
      kernel.call32('vm_protect', address + page * PAGE, 1n, rights);

    expect(kernel.call32('vm_map', address, FAR, HUGE, READ | WRITE, 0n)).toBe(REFUSAL.done);
    expect([at(0n), at(HUGE - 1n), tables()]).toEqual([
      [Number(HUGE), FAR],
      [Number(HUGE), FAR + GIB - PAGE],
      1,
    ]);
    expect(protect(700n, READ)).toBe(REFUSAL.done);
    for (const page of [0n, 511n, 512n, 699n, 700n, 701n, 1023n, 1024n, HUGE - 1n]) {
      const size = page >= 512n && page < 1024n ? 1 : 512;
      expect([page, ...at(page)]).toEqual([page, size, FAR + page * PAGE]);
    }
    expect(tables()).toBe(3);
    expect(protect(700n, READ | WRITE)).toBe(REFUSAL.done);
    expect([at(700n), tables()]).toEqual([[Number(HUGE), FAR + 700n * PAGE], 1]);
    expect(kernel.call32('vm_unmap', address + 700n * PAGE, 1n)).toBe(REFUSAL.done);
    expect([at(700n), at(701n), tables()]).toEqual([[0, 0n], [1, FAR + 701n * PAGE], 3]);
    expect(kernel.call32('vm_unmap', address, 700n)).toBe(REFUSAL.done);
    expect(kernel.call32('vm_unmap', address + 701n * PAGE, HUGE - 701n)).toBe(REFUSAL.done);
    expect(tables()).toBe(0);
  });
});

interface Case {
  readonly title: string;
  /** Frames that the call takes: tables by the size of what an entry maps, and pages. */
  readonly frames: number;
  readonly prepare?: (kernel: ParkedKernel, address: bigint) => void;
  readonly call: (address: bigint) => readonly [name: string, ...args: bigint[]];
}

const mapHuge = (kernel: ParkedKernel, address: bigint): void => {
  expect(kernel.call32('vm_map', address, FAR, HUGE, READ, 0n)).toBe(REFUSAL.done);
};

const CASES: readonly Case[] = [
  { title: 'a page', frames: 3, call: (va) => ['vm_map', va, FAR, 1n, READ, 0n] },
  { title: '1 GiB', frames: 1, call: (va) => ['vm_map', va, FAR, HUGE, READ, 0n] },
  {
    title: 'two pages on both sides of a border of 1 GiB',
    frames: 5,
    call: (va) => ['vm_map', va + GIB - PAGE, FAR, 2n, READ, 0n],
  },
  {
    title: 'two pages on both sides of a border of 512 GiB',
    frames: 6,
    call: (va) => ['vm_map', va + 512n * GIB - PAGE, FAR, 2n, READ, 0n],
  },
  {
    title: 'a hole in a page of 1 GiB',
    frames: 2,
    prepare: mapHuge,
    call: (va) => ['vm_unmap', va + 12_345n * PAGE, 1n],
  },
  {
    title: 'other rights for the middle of a page of 1 GiB',
    frames: 3,
    prepare: mapHuge,
    call: (va) => ['vm_protect', va + 2n * MIB - PAGE, LARGE + 2n, READ | WRITE],
  },
  {
    title: 'an area of five pages with guards',
    frames: 8,
    call: () => ['vm_alloc', 5n, GUARD_BOTH, 0n],
  },
];

describe.each(CASES)('112: memory runs out: $title, $frames frames,', (test) => {
  let kernel: ParkedKernel;
  let address = 0n;
  /** Frames that are free, lent to the case one by one; all others are allocated. */
  let spare: bigint[] = [];

  beforeAll(() => {
    kernel = start('8M');
    address = mappingsStart(kernel);
    test.prepare?.(kernel, address);
    const taken: bigint[] = [];
    for (;;) {
      const frame = kernel.call('pmm_alloc_page');
      if (frame === 0n) break;
      taken.push(frame);
    }
    spare = taken.slice(0, test.frames);
  });

  /** The call is refused, and all that is allocated, which includes the page tables, is as before. */
  const expectNothing = (frames: number, call: () => bigint): void => {
    kernel.call('mem_print_stats'); // gives the claimed pages back, which are then free in the bitmap, too
    const before = allocatedMemory(kernel, spare.slice(0, frames));
    const [name] = test.call(address);
    const refusal = name === 'vm_alloc' ? 0n : BigInt(REFUSAL.outOfMemory);
    expect(call() & 0xffff_ffffn).toBe(refusal);
    kernel.call('mem_print_stats');
    const changed = allocatedMemory(kernel, spare.slice(0, frames)).findIndex(
      (byte, index) => byte !== before[index],
    );
    expect(changed).toBe(-1);
    expect(kernel.call('pmm_free_pages')).toBe(BigInt(frames));
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  };

  it('with too few frames, and with each allocation failing after all: refused, nothing changed', () => {
    for (let frames = 0; frames < test.frames; frames++) {
      expectNothing(frames, () => kernel.call(...test.call(address)));
      kernel.call('pmm_free_page', spare[frames] ?? 0n);
    }
    for (let nth = 1; nth <= test.frames; nth++) {
      expectNothing(test.frames, () =>
        kernel.callFailing('pmm_alloc_page', nth, ...test.call(address)),
      );
    }
  });

  it('and with just enough it is done', () => {
    const [name, ...args] = test.call(address);
    const result = kernel.call(name, ...args);
    if (name === 'vm_alloc') expect(result).not.toBe(0n);
    else expect(Number(result & 0xffff_ffffn)).toBe(REFUSAL.done);
    expect(kernel.call('pmm_free_pages')).toBe(0n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });
});

/** All RAM of 8 MiB but for the kernel's own variables and stack, and the contents of free frames. */
function allocatedMemory(kernel: ParkedKernel, free: readonly bigint[]): Buffer {
  const bytes = Buffer.from(kernel.machine.processor.read(0n, Number(8n * MIB)));
  const root = Number(kernel.machine.processor.controlRegister('cr3'));
  const rootTable = Buffer.from(bytes.subarray(root, root + Number(PAGE)));
  bytes.fill(0, Number(kernelSymbol('__rodata_end')), Number(kernelSymbol('__kernel_end')));
  rootTable.copy(bytes, root);
  for (const frame of free) bytes.fill(0, Number(frame), Number(frame + PAGE));
  return bytes;
}

describe('nk_mem_check sees', () => {
  let kernel: ParkedKernel;
  let address = 0n;
  beforeEach(() => {
    kernel = start('8M');
    address = mappingsStart(kernel);
  });
  const steps = (): readonly { readonly entryAddress: bigint; readonly entry: bigint }[] =>
    kernel.machine.processor.pageWalkDebug(address).steps;
  const mapFrame = (): bigint => {
    const frame = kernel.call('pmm_alloc_page');
    expect(kernel.call32('vm_map', address, frame, 1n, READ, 0n)).toBe(REFUSAL.done);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    return frame;
  };

  it('a count of entries that is wrong', () => {
    mapFrame();
    const { entryAddress, entry } = steps()[1] ?? { entryAddress: 0n, entry: 0n };
    kernel.write64(entryAddress, entry + (1n << 52n));
    expect(kernel.call32('nk_mem_check', 1n)).toBe(PAGE_TABLES);
  });

  it('a table that is a free frame', () => {
    mapFrame();
    kernel.call('pmm_free_page', (steps()[2]?.entry ?? 0n) & 0xf_ffff_ffff_f000n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(PAGE_TABLES);
  });

  it('a free frame that is mapped', () => {
    kernel.call('pmm_free_page', mapFrame());
    expect(kernel.call32('nk_mem_check', 1n)).toBe(PAGE_TABLES);
  });

  it('a page that can be written and executed', () => {
    mapFrame();
    const { entryAddress, entry } = steps()[3] ?? { entryAddress: 0n, entry: 0n };
    kernel.write64(entryAddress, (entry | 2n) & ~(1n << 63n));
    expect(kernel.call32('nk_mem_check', 1n)).toBe(PAGE_TABLES);
  });
});

describe('the window on physical memory', () => {
  it.each(['8M', '6G', '64T', '4P'])('on %s shows the first and the last page of RAM', (size) => {
    const kernel = start(size);
    const { ram } = parseKernelOutput(kernel.serial);
    const last = (ram.at(-1)?.end ?? 0n) - 8n;
    for (const place of [MIB, 2n * MIB, last]) {
      const seen = kernel.call('vm_physical', place);
      if (place !== MIB) kernel.write64(place, 0x1234_5678_9abc_def0n ^ place);
      expect(kernel.callAt(placeCode(kernel, LOAD_AND_RETURN), 'the load', [seen])).toBe(
        kernel.read64(place),
      );
      kernel.call('vm_unmap', mappingsStart(kernel) + 64n * GIB, 1n);
    }
    expect(kernel.call('vm_physical', last + 8n)).toBe(0n);
  });
});
