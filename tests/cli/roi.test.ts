/** `--roi` and `--magic`: the figures between marks, from counting by hand, from profiles and from runs that end at the marks; the run stays as it is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, sweepRecord, type Finished } from './s7x.js';

/** `work` calls itself three deep, five times; `other` is called by both. */
const CALLS = guestOf(`
    call com1_init
    mov ebp, 0x41
again:
    mov ecx, 3
    call work
    mov eax, ebp
    call put
    call other
    inc ebp
    cmp ebp, 0x46
    jb again
    jmp power_off
work:
    dec ecx
    jz bottom
    call work
    call other
    ret
bottom:
    add [0x400000 + ebp * 4], ecx
    ret
other:
    mov edx, 200
  .busy:
    dec edx
    jnz .busy
    ret
`);
/** `work` is left by a jump with the stack of its caller, and then called from elsewhere. */
const LEFT = guestOf(`
    mov ebp, esp
    xor esi, esi
    call work
    jmp power_off
landed:
    call work
    jmp power_off
work:
    inc esi
    cmp esi, 1
    je leave
    ret
leave:
    mov esp, ebp
    jmp landed
`);
/** `work` ends its first boot with a triple fault, and returns in the second. */
const RESETS = guestOf(`
    call work
    jmp power_off
work:
    inc dword [0x600000]
    cmp dword [0x600000], 2
    je twice
    lidt [nothing]
    int3
twice:
    ret
nothing:
    dq 0
`);
/** The marks of gem5: M5 with the number of a function. */
const m5 = (number: number): string => `db 0x0f, 0x04, 0x${number.toString(16)}, 0x00`;
const [EXIT, FAIL, RESET, BEGIN, END] = [0x21, 0x22, 0x40, 0x5a, 0x5b].map(m5);
const XCHG_BX = 'db 0x66, 0x87, 0xdb';

const region = (run: Finished, out?: string): NonNullable<RunRecord['roi']> => {
  const { roi } = runRecord(run, out);
  if (roi === undefined) throw new Error(run.stderr);
  return roi;
};
const counts = (run: Finished): [times: number, instructions: number, isOpen: boolean] => {
  const { times, stats, isOpen } = region(run);
  return [times, stats.instructions, isOpen];
};

describe.each(['unit', 'zen1'])('with --cpu %s', (cpu) => {
  const words = (image = CALLS): string[] => ['run', image, '-m', '8M', '--cpu', cpu];

  it('a call that is left without a return ends when its return address is overwritten and the next begins', async () => {
    // INC, CMP, JE, MOV, JMP and the next CALL; then INC, CMP, JE and RET.
    expect(counts(await s7x([...words(LEFT), '--roi', 'sym:work']))).toEqual([2, 10, false]);
  });

  it('a reset ends a call', async () => {
    const run = await s7x([...words(RESETS), '--on-triple-fault', 'reset', '--roi', 'sym:work']);
    // INC, CMP, JE and LIDT; then INC, CMP, JE and RET.
    expect([...counts(run), region(run).stats.resets]).toEqual([2, 8, false, 1]);
  });

  it.each(['work', 'other', 'put', 'again'])(
    'a function has the cycles that its profile has, with all that it calls: %s',
    async (name) => {
      const plain = await s7x([...words(), '--profile']);
      const report = await s7x(['report', '--json'], { folder: plain.folder });
      const { functions } = JSON.parse(report.stdout) as {
        functions: { name: string; calls: number; totalCycles: number }[];
      };
      const profiled = functions.find((row) => row.name === name);
      const run = await s7x([...words(), '--roi', `sym:${name}`]);
      const { stats, times, isOpen } = region(run);
      if (name === 'again') {
        // Nothing returns from it: to the end.
        expect([times, isOpen]).toEqual([1, true]);
      } else {
        expect(stats.cycles).toBe(profiled?.totalCycles);
        expect([times, isOpen]).toEqual([name === 'work' ? 5 : profiled?.calls, false]);
      }
      const [now, then] = [runRecord(run), runRecord(plain)];
      expect([now.hash, now.stats]).toEqual([then.hash, then.stats]);
      expect(run.stdout).toBe(plain.stdout);
    },
  );

  it('a part has what runs to its moments differ by, and one call what it costs', async () => {
    const until = async (moment: string): Promise<RunRecord['stats']> =>
      runRecord(await s7x([...words(), '--until', moment])).stats;
    const [from, to] = [await until('sym:work#4'), await until('serial:D')];
    const { stats, times } = region(await s7x([...words(), '--roi', 'sym:work#4..serial:D']));
    expect([stats.cycles, stats.instructions]).toEqual([
      to.cycles - from.cycles,
      to.instructions - from.instructions,
    ]);
    expect(stats.timing?.['Branches']).toBe(
      to.timing === null
        ? undefined
        : (to.timing['Branches'] ?? 0) - (from.timing?.['Branches'] ?? 0),
    );
    expect(times).toBe(1);
    const whole = await s7x([...words(), '--roi', '..end']);
    expect(region(whole).stats.cycles).toBe(runRecord(whole).stats.cycles);
    const once = region(await s7x([...words(), '--roi', 'sym:other#2']));
    expect([once.times, once.stats.instructions]).toEqual([1, 402]);
  });

  it('gem5 marks what lies between, and is no instruction', async () => {
    const code = (mark: (words: string) => string): string => `
        mov ecx, 5000
      next:
        ${mark(BEGIN ?? '')}
        add eax, ecx
        xor eax, 0x55
        ${mark(END ?? '')}
        inc ebx
        dec ecx
        jnz next
        jmp power_off`;
    const [marked, bare] = [guestOf(code((mark) => mark)), guestOf(code(() => ''))];
    const run = await s7x([...words(marked), '--magic', 'gem5']);
    expect(counts(run)).toEqual([5000, 10_000, false]);
    expect(runRecord(run).stats.instructions).toBe(
      runRecord(await s7x(words(bare))).stats.instructions,
    );
    const again = await s7x(['replay'], { folder: run.folder });
    expect(again.stderr).toContain('the run that was recorded');
    expect(region(again, '.s7x/replay')).toEqual(region(run));
    // Without the option, and of another number, it is no instruction of this processor.
    expect((await s7x(words(marked))).status).toBe(6);
    const other = guestOf(`${m5(0x42)}\njmp power_off`);
    expect((await s7x([...words(other), '--magic', 'gem5'])).status).toBe(6);
  });

  it('XCHG BX, BX begins and ends by turns, and changes nothing', async () => {
    const image = guestOf(`
        mov ecx, 3000
      next:
        ${XCHG_BX}
        add eax, ecx
        dec ecx
        jnz next
        jmp power_off`);
    const plain = await s7x(words(image));
    const run = await s7x([...words(image), '--magic', 'bochs']);
    // Every second pass of the loop: the mark itself, add, dec, jnz.
    expect(counts(run)).toEqual([1500, 1500 * 4, false]);
    expect([runRecord(run).hash, runRecord(run).stats]).toEqual([
      runRecord(plain).hash,
      runRecord(plain).stats,
    ]);
  });

  it('the boot timer of Firecracker ends what began at power-on', async () => {
    const image = guestOf(
      'mov dx, 0x3f0\nmov al, 1\nout dx, al\nmov al, 123\nout dx, al\nbooted: jmp power_off',
    );
    const until = await s7x([...words(image), '--until', 'sym:booted']);
    const run = await s7x([...words(image), '--magic', 'firecracker', '--trace', 'io']);
    const { stats, isOpen, times } = region(run);
    expect([times, isOpen]).toEqual([1, false]);
    expect([stats.cycles, stats.instructions]).toEqual([
      runRecord(until).stats.cycles,
      runRecord(until).stats.instructions,
    ]);
    expect(runRecord(run).hash).toBe(runRecord(await s7x(words(image))).hash);
  });
});

describe('marks of gem5', () => {
  const run = (code: string, ...words: string[]): Promise<Finished> =>
    s7x([
      'run',
      guestOf(`${code}\njmp power_off`),
      '-m',
      '8M',
      '--functional',
      '--magic',
      'gem5',
      ...words,
    ]);

  it('a reset counts anew, to the end of the region or of the run', async () => {
    const twice = `${BEGIN}\nnop\nnop\n${RESET}\nnop\nnop\nnop\n${END}\nnop`;
    expect(counts(await run(twice))).toEqual([1, 3, false]);
    expect((await run(`nop\n${RESET}\nnop`)).stderr).toContain('the run ended in it');
  });

  it('exit and fail end the run, as power-off and as a value at port 0xf4', async () => {
    const exit = await run(`${BEGIN}\nnop\n${EXIT}\nnop`);
    expect([exit.status, runRecord(exit).outcome.kind]).toEqual([0, 'power-off']);
    expect(exit.stderr).toContain('the guest ended the run (m5_exit)');
    expect(counts(exit)).toEqual([1, 1, true]);
    expect((await run(`${EXIT}`, '--expect', 'never')).status).toBe(4);
    const fail = `mov esi, 3\n${FAIL}`;
    const failed = await run(fail);
    expect([failed.status, runRecord(failed).outcome.kind]).toEqual([7, 'debug-exit']);
    expect(failed.stderr).toContain('the guest ended the run with 3 (m5_fail)');
    expect((await s7x(['replay'], { folder: failed.folder })).status).toBe(0);
    expect((await run(fail, '--expect-exit', '3')).status).toBe(0);
    expect((await run(fail, '--expect-exit', '4')).status).toBe(4);
  });

  it('that cross a page are marks; cut by the end of memory, #UD', async () => {
    const crossing = `jmp there\nalign 4096\ntimes 4094 nop\nthere: ${BEGIN}\nnop\n${END}`;
    expect(counts(await run(crossing))).toEqual([1, 1, false]);
  });
});

it.each([
  [
    ['--roi', 'sym:work', '--magic', 'gem5'],
    '--roi sym:work cannot go with --magic gem5: both say',
  ],
  [
    ['--roi', '5ms'],
    '--roi 5ms: a region is a function (sym:NAME, or its address), or lies between',
  ],
  [['--roi', 'work'], '--roi work: not a moment'],
  [['--roi', 'sym:nobody'], '--roi sym:nobody: the image names no function nobody'],
  [['--roi', '5Minsn..1Minsn'], '--roi 5Minsn..1Minsn: ends before it begins'],
  [['--roi', 'expect:1..'], '--roi expect:1: there are 0 expectations'],
  [['--magic', 'simics'], '--magic simics: there is gem5, bochs, firecracker'],
])('%j is refused', async (words, sentence) => {
  const run = await s7x(['run', CALLS, ...words]);
  expect(run.stderr).toContain(sentence);
  expect(run.stderr.trim().split('\n')).toHaveLength(1);
  expect(run.status).toBe(2);
});

it('a region that never begins is warned of, and can be asked of a run that was made without', async () => {
  const run = await s7x(['run', CALLS, '-m', '8M', '--functional', '--roi', 'serial:X..end']);
  expect(run.stderr).toContain('"level":40');
  expect(run.stderr).toContain('region serial:X..end has not begun');
  expect(region(run).times).toBe(0);
  const again = await s7x(['replay', '--roi', 'sym:other'], { folder: run.folder });
  expect(again.stderr).toContain('region sym:other: 15 times');
  expect(again.status).toBe(0);
  const report = await s7x(['report', '.s7x/replay'], { folder: run.folder });
  expect(report.stdout).toMatch(/^region sym:other: 15 times .* instructions 6 030 /m);
});

it('is in the rows of a sweep, in suites, and goes with snapshots', async () => {
  const sweep = await s7x(['sweep', CALLS, '--ram', '8M,16M', '--functional', '--roi', 'sym:work']);
  expect(sweep.status).toBe(0);
  const rows = sweepRecord(sweep).rows.map(({ index }) => index);
  expect(rows).toHaveLength(2);
  const row = readFileSync(join(sweep.folder, 's7x-sweep/runs/0001-16-MiB/run.json'), 'utf8');
  expect((JSON.parse(row) as RunRecord).roi).toMatchObject({ region: 'sym:work', times: 5 });

  const folder = emptyFolder();
  writeFileSync(
    join(folder, 'a.boot.yaml'),
    `image: ${CALLS}\nfunctional: true\nroi: sym:other\nsteps: [{ wait: E }]\n`,
  );
  expect((await s7x(['test'], { folder })).status).toBe(0);

  const save = ['--save-at', 'sym:work#3=at.snap', '--roi', 'sym:other'];
  const run = await s7x(['run', CALLS, '-m', '8M', '--functional', ...save]);
  const rest = await s7x(['run', 'at.snap', '--roi', 'sym:other'], { folder: run.folder });
  expect(runRecord(rest).hash).toBe(runRecord(run).hash);
  expect(region(run).times).toBe(15);
});

it('without it a run has nothing of it', async () => {
  const text = JSON.stringify(runRecord(await s7x(['run', guest('power-off'), '--functional'])));
  expect(text).not.toMatch(/"roi"|"magic"/);
});
