/**
 * `s7x run --gdb` as a debugger sees it: the packets of GDB's remote protocol on a run of the built command line. That a debugger which only
 * looks changes nothing is held by the record of the same run without one.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, projectRoot, runRecord, s7x, type Finished } from '../cli/s7x.js';
import { kernelSymbol } from '../boots/kernel-symbols.js';
import { guest, guestOf } from '../guests/guest.js';
import { GdbClient } from './gdb-client.js';

const bundledKernelPath = join(projectRoot, 'dist/kernel/kernel.elf');
const ENTRY = 0x10_0000n;
const TRAP = /^T05thread:1;/;

interface Debugged {
  readonly client: GdbClient;
  readonly finished: Promise<Finished>;
}

/** A run that waits for its debugger. */
async function debugged(image: string, words: readonly string[] = []): Promise<Debugged> {
  const folder = emptyFolder();
  const place = `unix:${join(folder, 'gdb')}`;
  const finished = s7x(['run', image, '-m', '8M', '--gdb', place, '-S', ...words], { folder });
  return { client: await GdbClient.connect(join(folder, 'gdb')), finished };
}

const hostless = (run: Finished): object => ({ ...runRecord(run), host: undefined });

/** Adds three numbers and stores the sum, then fills 64 bytes, faults where `fault` says, and switches off. */
const SUM = `
    xor eax, eax
    mov ecx, 3
again:
    add eax, ecx
    dec ecx
    jnz again
    mov [sum], eax
    mov edi, filled
    mov ecx, 16
    rep stosd
    mov ebx, [sum]
    jmp power_off
align 8
sum: dd 0
filled: times 64 db 0
`;

describe('a machine that GDB stops', () => {
  it('stands at the reset vector, before anything has happened', async () => {
    const { client, finished } = await debugged(guestOf(SUM));
    expect(await client.ask('?')).toMatch(TRAP);
    // [SDM-3A "First Instruction Executed"], [SDM-3A "Processor State After Reset"]
    expect(await client.register('rip')).toBe(0xffff_fff0n);
    expect(await client.register('cs')).toBe(0xf000n);
    expect(await client.register('eflags')).toBe(2n);
    expect(await client.register('cr0')).toBe(0x6000_0010n);
    expect(await client.register('insns')).toBe(0n);
    expect(await client.ask('k')).toBeNull();
    expect((await finished).stderr).toContain('ended by the debugger');
  });

  it.each(['unit', 'zen1'])('stops at breakpoints, steps, and changes nothing: %s', async (cpu) => {
    const image = guestOf(SUM);
    const { client, finished } = await debugged(image, ['--cpu', cpu]);
    expect(await client.ask(`Z0,${ENTRY.toString(16)},1`)).toBe('OK');
    expect(await client.ask('vCont;c')).toMatch(/^T05thread:1;swbreak:;/);
    expect(await client.register('rip')).toBe(ENTRY);
    // mov esp; xor eax, eax; mov ecx, 3; three times three instructions
    const sums: bigint[] = [];
    for (let step = 0; step < 12; step++) {
      expect(await client.ask('vCont;s:1')).toMatch(TRAP);
      sums.push(await client.register('rax'));
    }
    expect(sums.slice(-9)).toEqual([3n, 3n, 3n, 5n, 5n, 5n, 6n, 6n, 6n]);
    expect(await client.ask('c')).toBe('W00');
    const alone = await s7x(['run', image, '-m', '8M', '--cpu', cpu]);
    expect(hostless(await finished)).toEqual(hostless(alone));
  });

  it('stops again at a breakpoint in a loop, once a pass', async () => {
    const { client } = await debugged(guestOf(SUM), ['--functional']);
    await client.ask(`Z0,${ENTRY.toString(16)},1`);
    await client.ask('c');
    for (let step = 0; step < 3; step++) await client.ask('s');
    const again = await client.register('rip');
    expect(await client.ask(`Z1,${again.toString(16)},1`)).toBe('OK');
    const counts: bigint[] = [];
    while (/^T05/.test((await client.ask('c')) ?? '')) counts.push(await client.register('rcx'));
    expect(counts).toEqual([2n, 1n]); // it stood at the first pass already
    client.close();
  });

  it('stops behind the stores and the loads that it watches', async () => {
    const image = guestOf(SUM);
    const { client, finished } = await debugged(image);
    await client.ask(`Z0,${ENTRY.toString(16)},1`);
    await client.ask('c');
    const code = Buffer.from((await client.ask(`m${ENTRY.toString(16)},80`)) ?? '', 'hex');
    const sum = BigInt(code.readUInt32LE(code.indexOf('a3', 'hex') + 1)); // mov [sum], eax
    const filled = BigInt(code.readUInt32LE(code.indexOf('bf', 'hex') + 1)); // mov edi, filled
    const hex = (address: bigint): string => address.toString(16);
    expect(await client.ask(`Z2,${hex(sum)},4`)).toBe('OK');
    expect(await client.ask('c')).toBe(`T05thread:1;watch:${hex(sum)};`);
    expect(await client.ask(`m${hex(sum)},4`)).toBe('06000000');
    expect(await client.ask(`Z2,${hex(filled + 60n)},1`)).toBe('OK');
    expect(await client.ask('c')).toBe(`T05thread:1;watch:${hex(filled + 60n)};`);
    expect(await client.register('rcx')).toBe(0n); // a repeated instruction is one
    expect(await client.ask(`z2,${hex(sum)},4`)).toBe('OK');
    expect(await client.ask(`Z4,${hex(sum + 3n)},1`)).toBe('OK');
    expect(await client.ask('c')).toBe(`T05thread:1;awatch:${hex(sum + 3n)};`);
    expect(await client.register('rbx')).toBe(6n);
    expect(await client.ask('c')).toBe('W00');
    expect(hostless(await finished)).toEqual(hostless(await s7x(['run', image, '-m', '8M'])));
  });

  it('is stopped while it runs, and goes on when the debugger has gone', async () => {
    const { client, finished } = await debugged(guest('ticks'), ['--expect', '/\\n/']);
    client.send('$c#63');
    client.send('\x03');
    expect(await client.next()).toBe('T02thread:1;');
    expect(await client.ask('D')).toBe('OK');
    expect((await finished).status).toBe(0);
  });
});

describe('places that GDB cannot connect to', () => {
  it.each<[readonly string[], RegExp, number]>([
    [['-S'], /^s7x: -S \(--pause\) waits for GDB: it needs -s or --gdb\n$/, 2],
    [
      ['-s', '--gdb', ':1'],
      /^s7x: -s is --gdb 127\.0\.0\.1:1234: it cannot go with --gdb :1\n$/,
      2,
    ],
    [['--gdb', 'here'], /^s7x: --gdb here: not HOST:PORT, /, 2],
    [['--gdb', 'unix:/nowhere/gdb'], /^s7x: --gdb unix:\/nowhere\/gdb: cannot listen there: /, 10],
  ])('%j is one sentence', async (words, sentence, status) => {
    const run = await s7x(['run', guest('power-off'), ...words]);
    expect(run.stderr).toMatch(sentence);
    expect(run.status).toBe(status);
  });
});

describe('going back', () => {
  it.each(['unit', 'zen1'])(
    'passes every place again, backwards, and changes nothing: %s',
    async (cpu) => {
      const image = guest('ticks'); // with interrupts, HLT and polls
      const { client, finished } = await debugged(image, ['--cpu', cpu]);
      await client.ask(`Z0,${ENTRY.toString(16)},1`);
      await client.ask('c');
      await client.ask(`z0,${ENTRY.toString(16)},1`);
      const place = async (): Promise<string> =>
        JSON.stringify([await client.ask('g'), await client.ask('m180000,20')]);
      const forwards = [await place()];
      for (let step = 0; step < 15; step++) {
        await client.ask('s');
        forwards.push(await place());
      }
      const backwards = [await place()];
      for (let step = 0; step < 15; step++) {
        expect(await client.ask('bs')).toBe('T05thread:1;');
        backwards.push(await place());
      }
      expect(backwards.reverse()).toEqual(forwards);
      expect(await client.ask('bc')).toBe('T05thread:1;replaylog:begin;');
      expect(await client.register('insns')).toBe(0n);
      expect(await client.ask('bs')).toBe('T05thread:1;replaylog:begin;');
      expect(await client.ask('c')).toBe('W00');
      const alone = await s7x(['run', image, '-m', '8M', '--cpu', cpu]);
      const run = await finished;
      expect(hostless(run)).toEqual(hostless(alone));
      expect(run.stdout).toBe(alone.stdout); // nothing is printed twice
    },
  );

  it('stops at the last breakpoint, and before the store that a watchpoint saw last', async () => {
    const { client } = await debugged(guestOf(SUM));
    await client.ask(`Z0,${ENTRY.toString(16)},1`);
    await client.ask('c');
    for (let step = 0; step < 3; step++) await client.ask('s');
    const again = await client.register('rip'); // add eax, ecx
    const code = Buffer.from((await client.ask(`m${ENTRY.toString(16)},80`)) ?? '', 'hex');
    const store = code.indexOf('a3', 'hex'); // mov [sum], eax
    const sum = BigInt(code.readUInt32LE(store + 1)).toString(16);
    const fill = code.indexOf('f3ab', 'hex'); // rep stosd
    await client.ask(`Z0,${(ENTRY + BigInt(fill)).toString(16)},1`);
    await client.ask('c');
    await client.ask(`Z0,${again.toString(16)},1`);
    const counts: bigint[] = [];
    for (let pass = 0; pass < 3; pass++) {
      expect(await client.ask('bc')).toBe('T05thread:1;swbreak:;');
      counts.push(await client.register('rcx'));
    }
    expect(counts).toEqual([1n, 2n, 3n]);
    await client.ask(`z0,${again.toString(16)},1`);
    await client.ask('c');
    await client.ask(`Z2,${sum},4`);
    expect(await client.ask('bc')).toBe(`T05thread:1;watch:${sum};`);
    expect(await client.register('rip')).toBe(ENTRY + BigInt(store));
    expect(await client.ask(`m${sum},4`)).toBe('00000000');
    await client.ask('k');
  });

  // [GDB manual, "Running programs backward"] It stops as in normal execution: the first instruction undone is the one that was seen last.
  it.each([['bc'], ['bs']])(
    'undoes the store that a watchpoint has just stopped behind, and says so: %s',
    async (back) => {
      const { client } = await debugged(guestOf(SUM));
      await client.ask(`Z0,${ENTRY.toString(16)},1`);
      await client.ask('c');
      const code = Buffer.from((await client.ask(`m${ENTRY.toString(16)},80`)) ?? '', 'hex');
      const store = code.indexOf('a3', 'hex'); // mov [sum], eax
      const sum = BigInt(code.readUInt32LE(store + 1)).toString(16);
      await client.ask(`Z2,${sum},4`);
      for (let pass = 0; pass < 2; pass++) {
        expect(await client.ask('c')).toBe(`T05thread:1;watch:${sum};`);
        expect(await client.ask(`m${sum},4`)).toBe('06000000');
        expect(await client.ask(back)).toBe(`T05thread:1;watch:${sum};`);
        expect(await client.register('rip')).toBe(ENTRY + BigInt(store));
        expect(await client.ask(`m${sum},4`)).toBe('00000000');
      }
      expect(await client.ask('bc')).toBe('T05thread:1;swbreak:;');
      expect(await client.register('rip')).toBe(ENTRY);
      await client.ask('k');
    },
  );

  it.each<[string, readonly string[], string, RegExp]>([
    ['a changed guest', [], 'P0=0100000000000000', /GDB has changed the guest/],
    ['a profile', ['--profile'], '?', /--profile has charged this time already/],
    ['an atlas', ['--atlas'], '?', /--atlas has seen this time already/],
    ['live input', ['--serial', 'stdio'], '?', /what was typed at COM1 is not kept/],
  ])('is refused with %s', async (_, words, before, why) => {
    const { client } = await debugged(guestOf(SUM), words);
    await client.ask(before);
    const said = Buffer.from(((await client.ask('bs')) ?? '').slice(1), 'hex').toString();
    expect(said).toMatch(/^s7x: this run cannot go back: /);
    expect(said).toMatch(why);
    expect(await client.next()).toBe('T05thread:1;');
    await client.ask('k');
  });
});

describe('a debugger that changes the guest', () => {
  it('writes registers and memory, and the log says so, once', async () => {
    const { client, finished } = await debugged(guestOf(SUM));
    await client.ask(`Z0,${ENTRY.toString(16)},1`);
    await client.ask('c');
    expect(await client.ask('P0=7766554433221100')).toBe('OK');
    expect(await client.register('rax')).toBe(0x0011_2233_4455_6677n);
    expect(await client.ask('M180000,2:abcd')).toBe('OK');
    expect(await client.ask('X180002,2:\xef#')).toBe('OK');
    expect(await client.ask('m180000,4')).toBe('abcdef23');
    expect(await client.ask('c')).toBe('W00');
    expect((await finished).stderr.match(/GDB has changed the guest/g)).toHaveLength(1);
  });

  it.each([
    ['a register that is not there', 'pff', /^E16$/],
    ['a register that only shows', 'P60=00', /^E16$/],
    ['digits that are none', 'P0=xyzw', /^E16$/],
    ['a length that is no number', 'm0,zz', /^E16$/],
    ['bytes that are not as many as it says', 'M0,4:00', /^E16$/],
    ['a watchpoint of no bytes', 'Z2,0,0', /^E16$/],
    ['a packet that nobody knows', 'vFile:setfs:0', /^$/],
    ['a kind of breakpoint that is not there', 'Z7,0,1', /^$/],
  ])('is refused %s', async (_, payload, reply) => {
    const { client } = await debugged(guestOf(SUM));
    expect(await client.ask(payload)).toMatch(reply);
    await client.ask('k');
  });

  it('has eight watchpoints and is refused a ninth', async () => {
    const { client } = await debugged(guestOf(SUM));
    const replies: (string | null)[] = [];
    for (let number = 0; number < 9; number++) replies.push(await client.ask(`Z2,${number}00,1`));
    expect(replies).toEqual([...Array.from({ length: 8 }, () => 'OK'), 'E0c']);
    await client.ask('k');
  });
});

describe('what happens to the guest while it is debugged', () => {
  it('shows a triple fault before the run ends, with its own status', async () => {
    const { client, finished } = await debugged(guest('triple-fault'));
    const said = Buffer.from(((await client.ask('c')) ?? '').slice(1), 'hex').toString();
    expect(said).toMatch(/^s7x: triple fault: #UD → /);
    expect(await client.next()).toBe('T0bthread:1;');
    expect(await client.register('eflags')).not.toBe(0n);
    expect(await client.ask('c')).toBe('W06');
    expect((await finished).status).toBe(6);
  });

  it('reads and writes nothing where no page is mapped', async () => {
    const { client, finished } = await debugged(bundledKernelPath, ['--functional']);
    const example = kernelSymbol('nk_memory_example').toString(16);
    expect(await client.ask(`Z0,${example},1`)).toBe('OK');
    expect(await client.ask('c')).toMatch(/swbreak/);
    // The kernel leaves page 0 unmapped (kernel/README.md).
    expect(await client.ask('m0,4')).toBe('E0e');
    expect(await client.ask('M0,1:00')).toBe('E0e');
    expect(await client.ask('mffe,8')).toBe('E0e');
    expect(await client.ask('c')).toBe('W00');
    expect((await finished).status).toBe(0);
  });
});
