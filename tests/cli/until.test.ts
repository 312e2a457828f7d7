/** `--until`: a run ends at a moment; `s7x replay --until` and `--at`. */
import { describe, expect, it } from 'vitest';
import { guest, guestOf } from '../guests/guest.js';
import { runRecord, s7x, sweepRecord, type Finished } from './s7x.js';

/** Calls `work` five times, and says A, B, C, D, E. */
const CALLS = guestOf(`
    call com1_init
    mov ebp, 0x41
again:
    call work
    inc ebp
    cmp ebp, 0x46
    jb again
    jmp power_off
work:
    mov eax, ebp
    call put
    ret
`);
const UNIT = ['--functional', '-m', '8M'];
const run = (words: readonly string[], image = CALLS): Promise<Finished> =>
  s7x(['run', image, ...UNIT, ...words]);

describe('a run that ends at a moment', () => {
  it.each(['unit', 'zen1'])('before a function is called the third time: %s', async (cpu) => {
    const there = await s7x(['run', CALLS, '--cpu', cpu, '--until', 'sym:work#3']);
    expect(there.status).toBe(0);
    expect(there.stderr).toContain('reached --until sym:work#3');
    const { outcome, config } = runRecord(there);
    expect(outcome).toMatchObject({ kind: 'moment-reached', code: 0, moment: 'sym:work#3' });
    expect(config.until).toEqual(['sym:work#3']);
    // Two characters were given away; the line has had no time for the second.
    expect(there.stdout).toMatch(/^A?B?$/);
  });

  it.each([
    ['1234insn', 1234, null],
    ['5ms', null, 5_000_000],
    ['2Mcyc', null, 2_000_000],
  ])('%s', async (moment, instructions, cycles) => {
    const there = await run(['--until', moment], guest('ticks-forever'));
    expect(there.status).toBe(0);
    const { stats } = runRecord(there);
    if (instructions !== null) expect(stats.instructions).toBe(instructions);
    // At 1 GHz: a cycle is a nanosecond, an instruction; one that accesses a port takes 1000 at most.
    if (cycles !== null) expect(stats.cycles - cycles).toBeLessThan(1000);
    if (cycles !== null) expect(stats.cycles).toBeGreaterThanOrEqual(cycles);
  });

  it('as soon as COM1 has shown a pattern, and at the first of several moments', async () => {
    const there = await run(['--until', 'serial:/[CD]/', '--until', '10s']);
    expect(there.status).toBe(0);
    expect(there.stdout).toBe('ABC');
    expect(runRecord(there).outcome.moment).toBe('serial:/[CD]/');
  });

  it('is no success while an --expect has not come, but for those that it does not ask for', async () => {
    const expects = ['--expect', 'B', '--expect', 'E'];
    const unmet = await run([...expects, '--until', 'sym:work#4']);
    expect([unmet.status, unmet.stderr]).toEqual([
      4,
      expect.stringContaining('reached --until sym:work#4 before --expect'),
    ]);
    const asked = await run([...expects, '--until', 'expect:1']);
    expect([asked.status, asked.stdout]).toEqual([0, 'AB']);
    const met = await run(['--expect', 'B', '--until', 'serial:D']);
    expect([met.status, met.stdout]).toEqual([0, 'ABCD']); // it goes on behind the last --expect
  });

  it('has status 4 where the guest ends before, and not for its own end', async () => {
    const before = await run(['--until', 'sym:work#6', '--until', 'serial:X']);
    expect(before.stderr).toContain('before --until sym:work#6 or serial:X');
    expect(before.status).toBe(4);
    expect((await run(['--until', 'end'])).status).toBe(0);
  });

  it('waits ten seconds of guest time for what may never come, and as long as a number says', async () => {
    const image = guest('ticks-forever');
    const never = await run(['--until', 'serial:nothing'], image);
    expect([never.status, runRecord(never).stats.ns]).toEqual([124, 10_000_000_000]);
    const long = await run(['--until', '11s'], image);
    expect([long.status, runRecord(long).stats.ns]).toEqual([0, 11_000_000_000]);
  });

  it.each([
    [['--until', 'soon'], /^s7x: --until soon: not a moment/],
    [['--until', 'sym:nobody'], /^s7x: --until sym:nobody: the image names no function nobody$/],
    [['--until', 'expect:1'], /^s7x: --until expect:1: there are 0 expectations/],
  ])('is refused with %s', async (words, sentence) => {
    const refused = await run(words);
    expect(refused.stderr.trim()).toMatch(sentence);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.status).toBe(2);
  });

  it("is a sweep's row, and may vary", async () => {
    const words = ['--ram', '8M,16M', '--functional', '--vary', 'until=sym:work#2,serial:E'];
    const sweep = await s7x(['sweep', CALLS, ...words]);
    expect(sweep.status).toBe(0);
    const rows = sweepRecord(sweep).rows.map(({ key, stats }) => [key.until, stats?.instructions]);
    expect(rows).toHaveLength(4);
    const alone = runRecord(await run(['--until', 'sym:work#2'])).stats.instructions;
    expect(rows.find(([until]) => until === 'sym:work#2')?.[1]).toBe(alone);
    expect(Number(rows.find(([until]) => until === 'serial:E')?.[1])).toBeGreaterThan(alone);
  });
});

describe('a replay', () => {
  const replay = ({ folder }: Finished, words: readonly string[] = []): Promise<Finished> =>
    s7x(['replay', ...words], { folder });

  it.each(['unit', 'zen1'])('ends at the same moment as the run: %s', async (cpu) => {
    const there = await s7x(['run', CALLS, '--cpu', cpu, '--until', 'sym:work#3']);
    const again = await replay(there);
    expect(again.stderr).toContain(`state hash ${runRecord(there).hash}`);
    expect(again.status).toBe(0);
  });

  it.each(['unit', 'zen1'])(
    'goes as far as --until says, where a run stands too: %s',
    async (cpu) => {
      const whole = await s7x(['run', CALLS, '--cpu', cpu]);
      for (const moment of ['sym:work#4', '300us', '4321insn']) {
        const there = await s7x(['run', CALLS, '--cpu', cpu, '--until', moment]);
        const again = await replay(whole, ['--until', moment]);
        expect(again.stderr).toContain(`as far as ${moment}: `);
        expect(again.stderr).toContain(`state hash ${runRecord(there).hash}`);
        expect(again.status).toBe(0);
        // What that replay has recorded is a run that ends there.
        expect((await replay(whole, ['.s7x/replay', '-o', 'third'])).status).toBe(0);
      }
    },
  );

  it('is compared as a whole where the run ends before --until', async () => {
    const whole = await run([]);
    const again = await replay(whole, ['--until', 'sym:work#6']);
    expect(again.stderr).toContain('the run that was recorded');
    expect(again.status).toBe(0);
  });

  it('asks for GDB where it is to stand still', async () => {
    const whole = await run([]);
    const refused = await replay(whole, ['--at', 'sym:work']);
    expect(refused.stderr).toContain('--at stands still for GDB: it needs -s or --gdb');
    expect(refused.status).toBe(2);
    expect((await replay(whole, ['--until', 'sym:nobody'])).status).toBe(2);
    const atEnd = await replay(whole, ['--at', 'end', '-s']);
    expect([atEnd.status, atEnd.stderr]).toEqual([2, expect.stringMatching(/^s7x: --at end: /)]);
  });
});
