/** What the timed core tells a timing engine of an instruction's accesses: operands as the SDM's instruction pages list them. */
import { describe, expect, it } from 'vitest';
import {
  CODE,
  DATA,
  GuestMachine,
  STACK,
  UNMAPPED,
  type Bits,
} from '../instructions/guest-machine.js';
import { RecordingEngine } from './recording-engine.js';

/** `kind linear size [x elements]` of every access of the program up to its HLT. */
function accessesOf(bits: Bits, source: string): string[] {
  const engine = new RecordingEngine();
  const machine = new GuestMachine(bits, `${source}\nhlt`, {}, engine.attach);
  machine.processor.setRegister('rbx', DATA);
  machine.runToHalt();
  return engine.accesses.map(({ kind, linear, size, elements }) => {
    const text = kind === 'Value' ? `Value ${linear}` : `${kind} ${place(linear)} ${size}`;
    return elements === 0 ? text : `${text} x${elements}`;
  });
}

function place(linear: bigint): string {
  if (linear >= DATA - 0x1000n && linear < DATA + 0x8000n) return `data${signed(linear - DATA)}`;
  if (linear >= STACK - 0x200n && linear <= STACK) return `stack${signed(linear - STACK)}`;
  return `0x${linear.toString(16)}`;
}

function signed(offset: bigint): string {
  return offset === 0n ? '' : offset > 0n ? `+${offset}` : `${offset}`;
}

describe('the access log', () => {
  it.each<[string, Bits, string, string[]]>([
    ['a load', 64, 'mov eax, [ebx + 4]', ['Load data+4 4']],
    ['a prefetch', 64, 'db 0x0f, 0x18, 0x4b, 0x04', ['Prefetch data+4 1']],
    ['a prefetch of no page', 64, `mov ebx, ${UNMAPPED}\ndb 0x0f, 0x18, 0x0b`, []],
    ['a NOP with an address', 64, 'db 0x0f, 0x1f, 0x03', []],
    ['a 32-bit prefetch', 32, 'db 0x0f, 0x0d, 0x0b', ['Prefetch data 1']],
    ['a byte load, extended', 64, 'movzx eax, byte [ebx]', ['Load data 1']],
    ['a store', 64, 'mov [ebx + 8], eax', ['Store data+8 4']],
    ['a 16-bit store', 64, 'mov [ebx], ax', ['Store data 2']],
    ['a load and store', 64, 'add [ebx], eax', ['Load data 4', 'Store data 4']],
    ['a compare with memory', 64, 'cmp [ebx], eax', ['Load data 4']],
    ['an exchange', 64, 'xchg [ebx], eax', ['Load data 4', 'Store data 4']],
    ['an access across pages', 64, 'mov eax, [ebx + 0xffe]', ['Load data+4094 4']],
    ['a push', 64, 'push ebx', ['Store stack-8 8']],
    ['push and pop', 64, 'push ebx\npop eax', ['Store stack-8 8', 'Load stack-8 8']],
    ['a push of memory', 64, 'push dword [ebx]', ['Load data 8', 'Store stack-8 8']],
    ['call and return', 64, 'call f\njmp e\nf: ret\ne:', ['Store stack-8 8', 'Load stack-8 8']],
    ['no access', 64, 'lea eax, [ebx + 4]\nadd eax, 1', []],
    ['a 32-bit load', 32, 'mov eax, [ebx + 4]', ['Load data+4 4']],
    ['a 32-bit load and store', 32, 'or [ebx], ecx', ['Load data 4', 'Store data 4']],
    ['a 32-bit push', 32, 'push ebx', ['Store stack-4 4']],
    ['a 32-bit call', 32, 'call f\njmp e\nf: ret\ne:', ['Store stack-4 4', 'Load stack-4 4']],
    ['PUSHFD', 32, 'pushfd', ['Store stack-4 4']],
    [
      'POPAD after PUSHAD',
      32,
      'pushad\npopad',
      [4, 8, 12, 16, 20, 24, 28, 32]
        .map((depth) => `Store stack-${depth} 4`)
        .concat([32, 28, 24, 20, 16, 12, 8, 4].map((depth) => `Load stack-${depth} 4`)),
    ],
    [
      'LEAVE',
      32,
      'mov ebp, esp\npush ebx\nmov ebp, esp\nleave',
      ['Store stack-4 4', 'Load stack-4 4'],
    ],
    ['a 16-bit push', 16, 'push ax', ['Store stack-2 2']],
    [
      'MOVS',
      64,
      'mov esi, ebx\nlea edi, [ebx + 64]\nmovsd',
      ['StringLoad data 4 x1', 'StringStore data+64 4 x1'],
    ],
    [
      'REP MOVS',
      64,
      'mov esi, ebx\nlea edi, [ebx + 0x2000]\nmov ecx, 1500\nrep movsd',
      ['StringLoad data 4 x1500', 'StringStore data+8192 4 x1500'],
    ],
    ['REP STOS', 64, 'mov edi, ebx\nmov ecx, 24\nrep stosb', ['StringStore data 1 x24']],
    ['REP STOS of none', 64, 'mov edi, ebx\nxor ecx, ecx\nrep stosb', []],
    [
      'REP STOS downwards',
      64,
      'std\nmov edi, ebx\nmov ecx, 5\nrep stosd',
      ['StringStoreDown data 4 x5'],
    ],
    [
      'REPNE SCAS up to the match',
      64,
      'mov byte [ebx + 6], 7\nmov edi, ebx\nmov al, 7\nmov ecx, 100\nrepne scasb',
      ['Store data+6 1', 'StringLoad data 1 x7'],
    ],
    [
      'REPE CMPS',
      32,
      'mov esi, ebx\nlea edi, [ebx + 16]\nmov ecx, 3\nrepe cmpsb',
      ['StringLoad data 1 x3', 'StringLoad data+16 1 x3'],
    ],
    [
      'DIV: bits of the quotient',
      64,
      'mov eax, 1000\nxor edx, edx\nmov ecx, 10\ndiv ecx',
      ['Value 7'],
    ],
    ['IDIV: bits of its magnitude', 64, 'mov eax, -1000\ncdq\nmov ecx, 10\nidiv ecx', ['Value 7']],
    ['DIV: quotient 0', 64, 'xor eax, eax\nxor edx, edx\nmov ecx, 10\ndiv ecx', ['Value 0']],
    ['XLAT', 32, 'mov al, 3\nxlatb', ['Load data+3 1']],
  ])('%s (%i bits)', (_, bits, source, expected) => {
    expect(accessesOf(bits, source)).toEqual(expected);
  });

  it('says which instruction made an access', () => {
    const engine = new RecordingEngine();
    const source = 'nop\nmov eax, [ebx]\nnop\nmov [ebx], eax\nhlt';
    const machine = new GuestMachine(64, source, {}, engine.attach);
    machine.processor.setRegister('rbx', DATA);
    machine.runToHalt();
    expect(engine.accesses.map(({ rip }) => rip - CODE)).toEqual([1n, 4n]);
  });

  it('holds nothing of an instruction that faults, and the exception comes behind what completed', () => {
    const engine = new RecordingEngine();
    const source = `mov ecx, ${UNMAPPED}\nmov eax, [ebx]\nadd [ecx], eax\nhlt`;
    const machine = new GuestMachine(64, source, {}, engine.attach);
    machine.processor.setRegister('rbx', DATA);
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(engine.accesses.map(({ linear }) => linear)).toEqual([DATA]);
    expect(engine.events).toEqual(['Exception 0xe after 2']);
  });

  it('reports translations that become invalid', () => {
    const engine = new RecordingEngine();
    const source = 'mov eax, cr3\nmov cr3, eax\ninvlpg [ebx]\nhlt';
    const machine = new GuestMachine(64, source, {}, engine.attach);
    machine.processor.setRegister('rbx', DATA);
    machine.runToHalt();
    expect(engine.events).toEqual([
      'FlushTranslations 0x0 after 1',
      'InvalidatePage 0x20000 after 2',
    ]);
  });
});

describe('the page walk for the engine', () => {
  it('names the entries read, without setting a bit in them', () => {
    const engine = new RecordingEngine();
    const machine = new GuestMachine(64, 'hlt', {}, engine.attach);
    const before = machine.word(0x3000n + 8n * 5n);
    // GuestMachine maps the first gibibyte by 2 MiB pages: PML4 at 0x1000, PDPT at 0x2000, PD at 0x3000.
    expect(engine.walk(0xa1_2345n)).toEqual({
      physical: 0xa0_0000n,
      shift: 21,
      entries: [0x1000n, 0x2000n, 0x3028n],
    });
    expect(machine.word(0x3000n + 8n * 5n)).toBe(before);
    expect(engine.walk(UNMAPPED)).toEqual({ physical: 0n, shift: 0, entries: [0x1000n, 0x2008n] });
    expect(engine.walk(1n << 60n)).toEqual({ physical: 0n, shift: 0, entries: [] });
  });

  it('maps every page to itself without paging', () => {
    const engine = new RecordingEngine();
    new GuestMachine(32, 'hlt', {}, engine.attach);
    expect(engine.walk(0x1234_5678n)).toEqual({ physical: 0x1234_5000n, shift: 12, entries: [] });
  });
});
