/**
 * From the PVH entry to `kernel_main`: 32-bit protected mode, paging off, EBX = hvm_start_info → 64-bit mode with the
 * first 4 GiB mapped to themselves.
 *
 * Page tables (in zeroed memory behind the data):
 *
 *   fifth level   [0] → fourth level                                    only with LA57
 *   fourth level  [0] → third level
 *   third level   [0..3] = 1 GiB pages, or → second level [0..3]
 *   second level  four tables of 512 pages of 2 MiB                     only without 1 GiB pages
 *
 * Source: Intel SDM Vol. 3A "Initializing IA-32e Mode", "4-Level Paging and 5-Level Paging"; Xen public headers
 * `arch-x86/hvm/start_info.h` and `elfnote.h` (XEN_ELFNOTE_PHYS32_ENTRY).
 */
import { Assembler } from './assembler.js';
import type { Fragment } from './code-buffer.js';

export const BOOT_ENTRY = '__boot_entry';
const BOOT_ENTRY_64 = '__boot_entry_64';
const GDT = '__gdt';
const GDT_POINTER = '__gdt_pointer';
const NO_LONG_MODE_TEXT = '__no_long_mode_text';
export const PAGE_TABLES = '__page_tables';
export const STACK_TOP = '__stack_top';

const PAGE_SIZE_BYTES = 4096;
const FOURTH_LEVEL = 0;
const THIRD_LEVEL = PAGE_SIZE_BYTES;
const SECOND_LEVEL = 2 * PAGE_SIZE_BYTES;
const FIFTH_LEVEL = 6 * PAGE_SIZE_BYTES;
export const PAGE_TABLES_BYTES = 7 * PAGE_SIZE_BYTES;

/** Present and writable; PS makes an entry map a large page. */
const PTE_P_RW = 0x03;
const PTE_P_RW_PS = 0x83;

const CR4_PAE = 1 << 5;
const CR4_LA57 = 1 << 12;
const CR0_PG_WP = (1 << 31) | (1 << 16);
const IA32_EFER = 0xc0000080;
const EFER_LME = 1 << 8;
const EFER_NXE = 1 << 11;
const EFLAGS_ID_BIT = 21;
/** CPUID 80000001h:EDX */
const CPUID_NX_BIT = 20;
const CPUID_PDPE1GB_BIT = 26;
const CPUID_LM_BIT = 29;
/** CPUID 7.0:ECX */
const CPUID_LA57_BIT = 16;

/** Offsets in hvm_start_info and in its memory map entries. */
const START_INFO_VERSION = 4;
const START_INFO_MEMMAP = 40;
const START_INFO_MEMMAP_ENTRIES = 48;
const MEMMAP_ENTRY_BYTES = 24;
const E820_TYPE_RAM = 1;
/** Upper half of 2^47, the first address that four levels do not reach from the identity map. */
const TWO_TO_47_HIGH = 0x8000;

const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;

const NO_LONG_MODE =
  'System 7X needs a 64-bit processor: CPUID 80000001h:EDX.LM is not set. Stopped.\r\n';

/** The boot code; the first fragment holds the entry point. `startFunction` runs before `kernel_main`. */
export function bootText(startFunction: string | undefined): Fragment[] {
  return [entry32(), entry64(startFunction)];
}

/** Descriptor table and text, read-only. */
export function bootData(): Fragment[] {
  const plain = { relocations: [], lines: [], labels: new Map<string, number>() };
  const table = new DataView(new ArrayBuffer(24));
  // Access bytes with the accessed bit set, so that the processor never writes to the table.
  table.setBigUint64(CODE_SELECTOR, 0x00af9b000000ffffn, true);
  table.setBigUint64(DATA_SELECTOR, 0x00cf93000000ffffn, true);
  const pointer = new DataView(new ArrayBuffer(10));
  pointer.setUint16(0, table.byteLength - 1, true);
  const relocation = { offset: 2, kind: 'abs64', symbol: GDT, addend: 0, end: 0 } as const;
  const text = new TextEncoder().encode(`${NO_LONG_MODE}\0`);
  return [
    { ...plain, symbol: GDT, bytes: new Uint8Array(table.buffer), alignBytes: 8 },
    {
      ...plain,
      symbol: GDT_POINTER,
      bytes: new Uint8Array(pointer.buffer),
      alignBytes: 8,
      relocations: [relocation],
    },
    { ...plain, symbol: NO_LONG_MODE_TEXT, bytes: text, alignBytes: 1 },
  ];
}

function entry32(): Fragment {
  const code = new Assembler(32);
  code.emit('Cli').emit('Cld');
  code.emit('Mov_r32_imm32', 'esp', { addressOf: STACK_TOP });
  code.emit('Mov_r32_rm32', 'edi', 'ebx');
  checkLongMode(code);
  buildPageTables(code);
  chooseLevels(code);
  enterLongMode(code);
  reportNoLongMode(code);
  return code.finish(BOOT_ENTRY);
}

/** Leaves CPUID 80000001h:EDX in EBP; goes to `no_long_mode` when there is no 64-bit mode. */
function checkLongMode(code: Assembler): void {
  // A processor without CPUID cannot change EFLAGS.ID.
  code.emit('Pushfd').emit('Pop_r32', 'eax').emit('Mov_r32_rm32', 'ecx', 'eax');
  code.emit('Btc_rm32_imm8', 'eax', EFLAGS_ID_BIT);
  code.emit('Push_r32', 'eax').emit('Popfd').emit('Pushfd').emit('Pop_r32', 'eax');
  code.emit('Cmp_r32_rm32', 'eax', 'ecx').branch('e', 'no_long_mode');
  code.emit('Mov_r32_imm32', 'eax', 0x80000000).emit('Cpuid');
  code.emit('Cmp_rm32_imm32', 'eax', 0x80000001).branch('b', 'no_long_mode');
  code.emit('Mov_r32_imm32', 'eax', 0x80000001).emit('Cpuid');
  code.emit('Bt_rm32_imm8', 'edx', CPUID_LM_BIT).branch('ae', 'no_long_mode');
  code.emit('Mov_r32_rm32', 'ebp', 'edx');
}

/** Maps the first 4 GiB. */
function buildPageTables(code: Assembler): void {
  const table = (plus: number) => ({ addressOf: PAGE_TABLES, plus });
  const entry = (offset: number) => ({ symbol: PAGE_TABLES, displacement: offset });
  code.emit('Mov_r32_imm32', 'eax', table(THIRD_LEVEL)).emit('Or_rm32_imm8', 'eax', PTE_P_RW);
  code.emit('Mov_rm32_r32', entry(FOURTH_LEVEL), 'eax');
  code.emit('Bt_rm32_imm8', 'ebp', CPUID_PDPE1GB_BIT).branch('ae', 'pages_of_2_mib');

  // Third level: four pages of 1 GiB.
  code.emit('Mov_r32_imm32', 'eax', PTE_P_RW_PS);
  code.emit('Mov_r32_imm32', 'ebx', table(THIRD_LEVEL)).emit('Mov_r32_imm32', 'ecx', 4);
  fillEntries(code, 'gigabyte_page', 1 << 30);
  code.branch('always', 'pages_done');

  // Third level: four tables; second level: 2048 pages of 2 MiB.
  code.label('pages_of_2_mib');
  code.emit('Mov_r32_imm32', 'eax', table(SECOND_LEVEL)).emit('Or_rm32_imm8', 'eax', PTE_P_RW);
  code.emit('Mov_r32_imm32', 'ebx', table(THIRD_LEVEL)).emit('Mov_r32_imm32', 'ecx', 4);
  fillEntries(code, 'second_level_table', PAGE_SIZE_BYTES);
  code.emit('Mov_r32_imm32', 'eax', PTE_P_RW_PS);
  code.emit('Mov_r32_imm32', 'ebx', table(SECOND_LEVEL)).emit('Mov_r32_imm32', 'ecx', 2048);
  fillEntries(code, 'two_megabyte_page', 2 << 20);
  code.label('pages_done');
}

/** Stores EAX, EAX + step, … as ECX entries of 8 bytes from EBX on. */
function fillEntries(code: Assembler, label: string, step: number): void {
  code.label(label);
  code.emit('Mov_rm32_r32', { base: 'ebx' }, 'eax');
  code.emit('Add_rm32_imm32', 'eax', step).emit('Add_rm32_imm8', 'ebx', 8);
  code.emit('Sub_rm32_imm8', 'ecx', 1).branch('ne', label);
}

/**
 * Sets ESI to the top table and ECX to the CR4 bits: five levels where the processor has them and usable RAM ends
 * above 2^47. EDI = hvm_start_info stays.
 */
function chooseLevels(code: Assembler): void {
  code.emit('Xor_r32_rm32', 'eax', 'eax').emit('Cpuid');
  code.emit('Cmp_rm32_imm8', 'eax', 7).branch('b', 'four_levels');
  code.emit('Mov_r32_imm32', 'eax', 7).emit('Xor_r32_rm32', 'ecx', 'ecx').emit('Cpuid');
  code.emit('Bt_rm32_imm8', 'ecx', CPUID_LA57_BIT).branch('ae', 'four_levels');
  const startInfo = (displacement: number) => ({ base: 'edi' as const, displacement });
  code.emit('Cmp_rm32_imm8', startInfo(START_INFO_VERSION), 1).branch('b', 'four_levels');
  code.emit('Cmp_rm32_imm8', startInfo(START_INFO_MEMMAP + 4), 0).branch('ne', 'four_levels');
  code.emit('Mov_r32_rm32', 'ebx', startInfo(START_INFO_MEMMAP));
  code.emit('Mov_r32_rm32', 'ecx', startInfo(START_INFO_MEMMAP_ENTRIES));

  code.label('next_entry').emit('Sub_rm32_imm8', 'ecx', 1).branch('b', 'four_levels');
  const entry = (displacement: number) => ({ base: 'ebx' as const, displacement });
  code.emit('Cmp_rm32_imm8', entry(16), E820_TYPE_RAM).branch('ne', 'skip_entry');
  code.emit('Mov_r32_rm32', 'eax', entry(8)).emit('Mov_r32_rm32', 'edx', entry(12));
  code.emit('Mov_r32_rm32', 'esi', 'eax').emit('Or_r32_rm32', 'esi', 'edx');
  code.branch('e', 'skip_entry');
  // EDX:EAX = address + size; a carry means the end lies beyond 2^64.
  code.emit('Add_r32_rm32', 'eax', entry(0)).emit('Adc_r32_rm32', 'edx', entry(4));
  code.branch('b', 'five_levels');
  code.emit('Cmp_rm32_imm32', 'edx', TWO_TO_47_HIGH);
  code.branch('a', 'five_levels').branch('b', 'skip_entry');
  code.emit('Test_rm32_r32', 'eax', 'eax').branch('ne', 'five_levels');
  code.label('skip_entry').emit('Add_rm32_imm8', 'ebx', MEMMAP_ENTRY_BYTES);
  code.branch('always', 'next_entry');

  code.label('five_levels');
  const fourth = { addressOf: PAGE_TABLES, plus: FOURTH_LEVEL };
  code.emit('Mov_r32_imm32', 'eax', fourth).emit('Or_rm32_imm8', 'eax', PTE_P_RW);
  code.emit('Mov_rm32_r32', { symbol: PAGE_TABLES, displacement: FIFTH_LEVEL }, 'eax');
  code.emit('Mov_r32_imm32', 'esi', { addressOf: PAGE_TABLES, plus: FIFTH_LEVEL });
  code.emit('Mov_r32_imm32', 'ecx', CR4_PAE | CR4_LA57).branch('always', 'levels_chosen');
  code.label('four_levels');
  code.emit('Mov_r32_imm32', 'esi', fourth).emit('Mov_r32_imm32', 'ecx', CR4_PAE);
  code.label('levels_chosen');
}

function enterLongMode(code: Assembler): void {
  code.emit('Mov_r32_cr', 'eax', 'cr4').emit('Or_r32_rm32', 'eax', 'ecx');
  code.emit('Mov_cr_r32', 'cr4', 'eax').emit('Mov_cr_r32', 'cr3', 'esi');
  code.emit('Mov_r32_imm32', 'ecx', IA32_EFER).emit('Rdmsr');
  code.emit('Or_rm32_imm32', 'eax', EFER_LME);
  code.emit('Bt_rm32_imm8', 'ebp', CPUID_NX_BIT).branch('ae', 'no_execute_absent');
  code.emit('Or_rm32_imm32', 'eax', EFER_NXE);
  code.label('no_execute_absent').emit('Wrmsr');
  code.emit('Mov_r32_cr', 'eax', 'cr0').emit('Or_rm32_imm32', 'eax', CR0_PG_WP);
  code.emit('Mov_cr_r32', 'cr0', 'eax');
  code.emit('Lgdt_m1632', { symbol: GDT_POINTER }).farJump(CODE_SELECTOR, BOOT_ENTRY_64);
}

/** Writes the text to COM1, waiting for LSR.THRE before each character, and stops. */
function reportNoLongMode(code: Assembler): void {
  code.label('no_long_mode').emit('Mov_r32_imm32', 'esi', { addressOf: NO_LONG_MODE_TEXT });
  code.label('next_character').emit('Movzx_r32_rm8', 'ecx', { base: 'esi' });
  code.emit('Test_rm8_r8', 'cl', 'cl').branch('e', 'stop');
  code.emit('Mov_r32_imm32', 'edx', 0x3fd);
  code.label('wait').emit('In_AL_DX', 'al', 'dx').emit('Test_AL_imm8', 'al', 0x20);
  code.branch('e', 'wait');
  code.emit('Mov_r32_imm32', 'edx', 0x3f8).emit('Mov_r32_rm32', 'eax', 'ecx');
  code.emit('Out_DX_AL', 'dx', 'al').emit('Add_rm32_imm8', 'esi', 1);
  code.branch('always', 'next_character');
  code.label('stop').emit('Cli').emit('Hlt').branch('always', 'stop');
}

function entry64(startFunction: string | undefined): Fragment {
  const code = new Assembler(64);
  code.emit('Mov_r32_imm32', 'eax', DATA_SELECTOR);
  for (const segment of ['ds', 'es', 'ss'] as const) code.emit('Mov_Sreg_r32m16', segment, 'eax');
  code.emit('Xor_r32_rm32', 'eax', 'eax');
  for (const segment of ['fs', 'gs'] as const) code.emit('Mov_Sreg_r32m16', segment, 'eax');
  code.emit('Mov_r32_imm32', 'esp', { addressOf: STACK_TOP });
  code.emit('Xor_r32_rm32', 'ebp', 'ebp').emit('Mov_r32_rm32', 'edi', 'edi');
  if (startFunction !== undefined) {
    code.emit('Push_r64', 'rdi').call(startFunction).emit('Pop_r64', 'rdi');
  }
  code.call('kernel_main');
  code.label('stop').emit('Cli').emit('Hlt').branch('always', 'stop');
  return code.finish(BOOT_ENTRY_64);
}
