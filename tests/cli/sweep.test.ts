/** `s7x sweep`: rows, tables, files, shards; a small guest makes each row a fraction of a second. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SweepResult } from '../../emulator/cli/sweep-result.js';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, s7x, sweepRecord } from './s7x.js';

/** Says "yes" where there is RAM at 24 MiB. */
const asksFor24Mib = (): string =>
  guestOf(
    'call com1_init\nmov dword [0x1800000], 0x12345678\ncmp dword [0x1800000], 0x12345678\njne none\n' +
      'mov al, "y"\ncall put\nnone:\njmp power_off',
  );

const bye = guest('power-off');
const FAST = ['--uart', 'instant'];

describe('s7x sweep --ram', () => {
  it('prints a table, keeps files, says how far it is, and ends with 0', async () => {
    const run = await s7x(['sweep', bye, '--ram', '8M..32M', '-j', '2', ...FAST], { input: null });
    expect(run.status).toBe(0);
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ ram +result +time +cycles +instructions +resident +note$/);
    expect(lines.slice(1, 4).map((line) => line.slice(0, 14).trimEnd())).toEqual([
      ' 8 MiB   PASS',
      ' 16 MiB  PASS',
      ' 32 MiB  PASS',
    ]);
    expect(lines.at(-1)).toBe(' 3 runs: 3 pass, 0 fail');
    expect([run.stderr.includes('\r'), run.stderr.includes('\x1b')]).toEqual([false, false]);
    expect(run.stderr.trim().split('\n')).toHaveLength(3);
    expect(run.stderr).toMatch(/^s7x: \[1\/3\] \d+ MiB PASS$/m);
    const rows = readdirSync(join(run.folder, 's7x-sweep/runs')).sort();
    expect(rows).toEqual(['0000-8-MiB', '0001-16-MiB', '0002-32-MiB']);
    const serial = join(run.folder, 's7x-sweep/runs/0001-16-MiB/serial.log');
    expect(readFileSync(serial, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('shows where it passes and where it fails, and ends with 4', async () => {
    const run = await s7x(['sweep', asksFor24Mib(), '--ram', '8M..64M', '--expect', 'y', ...FAST]);
    expect(run.status).toBe(4);
    expect(run.stdout).toMatch(
      / 8 MiB +FAIL .*before --expect y \(0\/1\)\n 16 MiB +FAIL .* same\n/,
    );
    expect(run.stdout).toContain(' cliff: passes at 32 MiB, fails at 16 MiB\n');
    expect(run.stdout).toContain(' 4 runs: 2 pass, 2 fail\n');
  });

  it('--bisect finds the least size that passes, to the page', async () => {
    const words = ['--ram', '16M,64M', '--expect', 'y', '--bisect', '-j', '2'];
    const run = await s7x(['sweep', asksFor24Mib(), ...words, ...FAST]);
    expect(run.status).toBe(4);
    // The dword at 24 MiB is in the page that 24 MiB and a page end with.
    expect(run.stdout).toContain(' cliff: passes at 24580 KiB, fails at 24 MiB\n');
    const { rows, plan } = sweepRecord(run);
    expect(rows).toHaveLength(plan.rows);
    expect(new Set(rows.map(({ index }) => index)).size).toBe(plan.rows);
  });

  it.each([
    [['--vary', 'cpu=unit'], '--vary'],
    [['--memmap', 'zoo:bochs-512m'], '--memmap zoo:bochs-512m'],
    [['--bail'], '--bail'],
    [['--shard', '1/2'], '--shard'],
  ])('--bisect with %j is refused', async (words, named) => {
    const run = await s7x(['sweep', bye, '--ram', '8M,16M', '--bisect', ...words]);
    expect([run.status, run.stderr]).toEqual([
      2,
      `s7x: --bisect looks for sizes of RAM at which the result changes: it cannot go with ${named}\n`,
    ]);
  });

  it('--record makes columns of what the rows print', async () => {
    const words = ['--ram', '8M,16M', '--record', 'last=/^(t\\w+)$/', '--record', 'none=/four/'];
    const run = await s7x(['sweep', bye, ...words, '--csv=rows.csv', ...FAST]);
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/ resident +last +none +note\n 8 MiB .* three\n 16 MiB .* three\n/);
    const csv = readFileSync(join(run.folder, 'rows.csv'), 'utf8').split('\r\n');
    expect(csv[0]).toBe(
      'ram,result,code,ns,cycles,instructions,resident_bytes,last,none,hash,note',
    );
    expect(csv[1]).toMatch(/^8 MiB,PASS,0,\d+,\d+,\d+,\d+,three,,[0-9a-f]+,$/);
    expect(sweepRecord(run).rows.map(({ records }) => records)).toEqual([
      { last: 'three', none: null },
      { last: 'three', none: null },
    ]);
  });

  it('--fit says how figures and functions grow: the guest reads what its CMOS memory says of the RAM', async () => {
    // A word of each page below 64 MiB: the size is in the CMOS memory's bytes 34h and 35h, in 64 KiB above 16 MiB.
    const kernel = guestOf(`
      call touch
      jmp power_off
      touch:
      mov al, 0x34
      out 0x70, al
      in al, 0x71
      movzx ebx, al
      mov al, 0x35
      out 0x70, al
      in al, 0x71
      movzx ecx, al
      shl ecx, 8
      or ecx, ebx
      shl ecx, 16
      mov edi, 0x1000000
      add ecx, edi
      .next:
      add dword [edi], 1
      add edi, 4096
      cmp edi, ecx
      jb .next
      ret`);
    const words = [
      'sweep',
      kernel,
      '--ram',
      '64M..1G',
      '--cpu',
      'unit',
      '--fit',
      '--uart',
      'instant',
    ];
    const run = await s7x(words, { input: null });
    expect(run.stdout).toMatch(/^ fit: cycles ~ n, 0\.000\d+ cycles a byte \(5 rows/m);
    expect(run.stdout).toMatch(/^ fit: touch ~ n, 0\.000\d+ cycles a byte \(5 rows/m);
    expect(run.stdout).toMatch(/^ fit: resident ~ n, [\d.]+ B a byte \(5 rows/m);
    expect(run.stdout.trimEnd().split('\n').at(-1)).toBe(' 5 runs: 5 pass, 0 fail');
    const merged = join(run.folder, 's7x-sweep/sweep.json');
    const again = await s7x(['sweep', '--merge', merged, '--fit'], { input: null });
    expect(again.stdout).toBe(run.stdout);
  });

  it('--fit is of sizes of RAM alone', async () => {
    const run = await s7x(['sweep', '--vary', 'memmap=zoo:*', '--fit'], { input: null });
    expect([run.status, run.stderr]).toEqual([
      2,
      's7x: --fit is of sizes of RAM (--ram): it cannot go with --vary\n',
    ]);
  });

  it('--junit has a case for each row, with the output of those that fail', async () => {
    const words = ['--ram', '16M,32M', '--expect', 'y', '--junit', 'rows.xml'];
    const run = await s7x(['sweep', asksFor24Mib(), ...words, ...FAST]);
    expect(run.status).toBe(4);
    const xml = readFileSync(join(run.folder, 'rows.xml'), 'utf8');
    expect(xml).toMatch(/<testsuite name="s7x\.[^"]+" tests="2" failures="1" errors="0"/);
    expect(xml).toMatch(/name="ram 16 MiB"[^]*<failure message="[^"]*before --expect y \(0\/1\)">/);
    expect(xml).toMatch(/name="ram 32 MiB" time="0\.\d{9}">[^]*<\/properties>\n<\/testcase>/);
  });

  it('--tap is a line for each row, instead of the table', async () => {
    const words = ['--ram', '16M,32M', '--expect', 'y', '--tap'];
    const run = await s7x(['sweep', asksFor24Mib(), ...words, ...FAST]);
    expect(run.status).toBe(4);
    expect(run.stdout).toMatch(
      /^TAP version 14\n1\.\.2\nnot ok 1 - ram 16 MiB\n {2}---\n {2}message: "/,
    );
    expect(run.stdout).toMatch(/\n {2}\.\.\.\nok 2 - ram 32 MiB\n$/);
  });

  it('--html is one page with a mark and a line for each row', async () => {
    const words = ['--ram', '16M,32M', '--expect', 'y', '--html', 'rows.html'];
    const run = await s7x(['sweep', asksFor24Mib(), ...words, ...FAST]);
    expect(run.status).toBe(4);
    expect(run.stdout).toContain(' 2 runs: 1 pass, 1 fail\n');
    const html = readFileSync(join(run.folder, 'rows.html'), 'utf8');
    expect(html.match(/<path class="fail"/g)).toHaveLength(3);
    expect(html.match(/<circle class="pass"/g)).toHaveLength(3);
    expect(html).toContain('<td data-order="33554432">32 MiB</td><td class="pass">PASS</td>');
    expect(html).not.toMatch(/https?:|src=|href=|<link|@import|^(?:import|export) /m);
  });

  it('--junit does not write over an image', async () => {
    const run = await s7x(['sweep', '--ram', '8M', '--junit', bye]);
    expect([run.status, run.stderr]).toEqual([
      2,
      `s7x: --junit ${bye}: this file is there and is no text; an image is named before the options\n`,
    ]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a row that has no end, and keeps the rows before it',
    async (signal) => {
      const words = ['--vary', 'max-insns=1M,900G,2M', '-j', '1', '--functional', '--csv=rows.csv'];
      const run = await s7x(['sweep', guest('stores-forever'), ...words], {
        onProgress: (text, kill) => {
          if (text.includes('[1/3]')) setTimeout(() => kill(signal), 500);
        },
      });
      expect([run.signal, run.status]).toEqual([signal, null]);
      const { rows, plan } = sweepRecord(run);
      expect([rows.length, rows[0]?.code, plan.rows]).toEqual([1, 124, 3]);
      expect(run.stdout).toContain(' 1 runs: 0 pass, 1 fail; not run: 2 of 3\n');
      expect(readFileSync(join(run.folder, 'rows.csv'), 'utf8').split('\r\n')).toHaveLength(3);
    },
  );

  it('into a used folder takes away what the sweep before it left, and nothing else', async () => {
    const folder = emptyFolder();
    const first = await s7x(['sweep', bye, '--ram', '8M..64M', ...FAST], { folder });
    const runs = join(folder, 's7x-sweep/runs');
    writeFileSync(join(runs, '0003-64-MiB/notes.txt'), 'mine');
    writeFileSync(join(runs, 'notes.txt'), 'mine');
    const second = await s7x(['sweep', bye, '--ram', '16M', ...FAST], { folder });
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(readdirSync(runs).sort()).toEqual(['0000-16-MiB', '0003-64-MiB', 'notes.txt']);
    expect(readdirSync(join(runs, '0003-64-MiB'))).toEqual(['notes.txt']);
  });

  it('prints its table even when sweep.json cannot be written, and says so with 10', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'taken.json'));
    const run = await s7x(['sweep', bye, '--ram', '8M', '--json=taken.json', ...FAST], { folder });
    expect(run.stdout).toContain(' 1 runs: 1 pass, 0 fail\n');
    expect([run.status, run.stderr]).toEqual([
      10,
      expect.stringMatching(/taken\.json cannot be written: /),
    ]);
  });

  it('a row whose files cannot be written is an error of the host', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 's7x-sweep/runs'), { recursive: true });
    writeFileSync(join(folder, 's7x-sweep/runs/0000-8-MiB'), 'a file');
    const run = await s7x(['sweep', bye, '--ram', '8M,16M', ...FAST], { folder });
    expect(sweepRecord(run).rows.map(({ result, code }) => [result, code])).toEqual([
      ['ERROR', 10],
      ['PASS', 0],
    ]);
    expect(run.status).toBe(10);
  });

  it('a row that cannot be run keeps its place and passes its status on', async () => {
    const run = await s7x([
      'sweep',
      bye,
      '--vary',
      'memmap-add=64K@8M:usable,1M@1M:reserved',
      ...FAST,
    ]);
    expect(sweepRecord(run).rows.map(({ result, code }) => [result, code])).toEqual([
      ['PASS', 0],
      ['ERROR', 2],
    ]);
    expect(run.status).toBe(2);
    expect(sweepRecord(run).rows[1]?.note).toMatch(/no usable RAM at 1 MiB/);
  });
});

describe('the result', () => {
  it('--json on standard output is sweep.json', async () => {
    const run = await s7x(['sweep', bye, '--ram', '8M,9M', '--json', ...FAST]);
    const result = JSON.parse(run.stdout) as SweepResult;
    expect(result).toEqual(sweepRecord(run));
    expect(result.rows.map(({ key, result: verdict }) => [key['ram'], verdict])).toEqual([
      ['8 MiB', 'PASS'],
      ['9 MiB', 'PASS'],
    ]);
    expect(result.rows[0]?.hash).not.toBe(result.rows[1]?.hash);
  });

  it('--csv=FILE goes to the file, the table to standard output', async () => {
    const run = await s7x(['sweep', bye, '--ram', '8M', '--csv=out.csv', ...FAST]);
    const [header, row] = readFileSync(join(run.folder, 'out.csv'), 'utf8').split('\r\n');
    expect(header).toBe('ram,result,code,ns,cycles,instructions,resident_bytes,hash,note');
    expect(row).toMatch(/^8 MiB,PASS,0,\d+,\d+,\d+,\d+,[0-9a-f]{16},$/);
    expect(run.stdout).toContain('1 runs: 1 pass');
  });

  it('--json and --csv cannot both go to standard output', async () => {
    const run = await s7x(['sweep', bye, '--ram', '8M', '--csv', '--json', ...FAST]);
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(/--json and --csv/);
  });

  it.each(['--json', '--csv'])('%s before the image does not write over it', async (option) => {
    const image = guest('power-off');
    const before = readFileSync(image);
    const run = await s7x(['sweep', option, image, '--ram', '8M', ...FAST]);
    expect(run.stderr).toMatch(/^s7x: --(json|csv) .*power-off\.elf: .*is no text; an image/);
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it('--vary takes all combinations', async () => {
    const words = ['--ram', '8M,16M', '--vary', 'uart=real,instant', '--json'];
    const run = await s7x(['sweep', bye, ...words]);
    const { rows } = sweepRecord(run);
    expect(rows.map(({ key }) => key)).toEqual([
      { ram: '8 MiB', uart: 'real' },
      { ram: '8 MiB', uart: 'instant' },
      { ram: '16 MiB', uart: 'real' },
      { ram: '16 MiB', uart: 'instant' },
    ]);
    const [real, instant] = rows.map(({ stats }) => stats?.ns ?? 0);
    expect(real).toBeGreaterThan(2 * (instant ?? 0));
  });

  it('--repeat demands the same result each time, in any worker', async () => {
    const words = ['--ram', '8M..16M', '--repeat', '3', '-j', '2', '--json'];
    const run = await s7x(['sweep', guest('ticks'), ...words]);
    expect([run.status, sweepRecord(run).repeat]).toEqual([0, 3]);
  });

  it('does not depend on the number of jobs', async () => {
    const rows = async (jobs: string) =>
      sweepRecord(await s7x(['sweep', bye, '--ram', '8M..64M', '-j', jobs, ...FAST])).rows;
    expect(await rows('3')).toEqual(await rows('1'));
  });
});

describe('--columns and --sort', () => {
  it('are of the table and the CSV, and of sweeps that are merged', async () => {
    const words = ['--ram', '8M..32M', '--csv', 'a.csv', '--columns', 'ram,result,code'];
    const sort = ['--sort', 'ram:desc'];
    const run = await s7x(['sweep', bye, ...words, ...sort, ...FAST], { input: null });
    expect(run.stdout).toBe(
      ' ram     result  code\n 32 MiB  PASS    0\n 16 MiB  PASS    0\n 8 MiB   PASS    0\n 3 runs: 3 pass, 0 fail\n',
    );
    const csv = readFileSync(join(run.folder, 'a.csv'), 'utf8');
    expect(csv).toBe('ram,result,code\r\n32 MiB,PASS,0\r\n16 MiB,PASS,0\r\n8 MiB,PASS,0\r\n');
    expect(sweepRecord(run).rows.map(({ index }) => index)).toEqual([0, 1, 2]);
    const merge = ['sweep', '--merge', 's7x-sweep/sweep.json', '-o', 'm', '--columns', 'ram'];
    const merged = await s7x([...merge, '--sort', 'ram:desc'], { folder: run.folder });
    expect(merged.stdout).toBe(' ram\n 32 MiB\n 16 MiB\n 8 MiB\n 3 runs: 3 pass, 0 fail\n');
  });

  it('that there are not are refused before anything runs', async () => {
    const words = ['sweep', bye, '--ram', '8M,16M', '--record', 'value=/x/'];
    const run = await s7x([...words, '--sort', 'w'], { input: null });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(
      /^s7x: --sort w: there is no column w \(there are: ram, .*, value\)\n$/,
    );
    expect(existsSync(join(run.folder, 's7x-sweep'))).toBe(false);
  });

  it('stand in a configuration as a list', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 's7x.yaml'), 'columns: [ram, code]\nuart: instant\n');
    const run = await s7x(['sweep', bye, '--ram', '8M,16M'], { folder, input: null });
    expect(run.stdout.split('\n')[0]).toBe(' ram     code');
  });
});

describe('shards', () => {
  it('together are the whole, and only together', async () => {
    const folder = emptyFolder();
    const base = ['sweep', bye, '--ram', '8M..256M', ...FAST];
    const shard = (n: number) => s7x([...base, '--shard', `${n}/2`, '-o', `part${n}`], { folder });
    const whole = await s7x([...base, '-o', 'whole'], { folder });
    const parts = [await shard(1), await shard(2)];
    expect(parts.map(({ status }) => status)).toEqual([0, 0]);
    const files = ['--merge', 'part2/sweep.json', '--merge', 'part1/sweep.json'];
    const merged = await s7x(['sweep', ...files, '-o', 'merged'], { folder });
    expect([merged.status, merged.stdout]).toEqual([0, whole.stdout]);
    expect(sweepRecord(merged, 'merged')).toEqual(sweepRecord(whole, 'whole'));

    const half = await s7x(['sweep', '--merge', 'part1/sweep.json', '-o', 'half'], { folder });
    expect([half.status, half.stderr]).toEqual([
      2,
      expect.stringMatching(/3 of 6 rows are missing/),
    ]);
  });

  it('of different sweeps are told apart', async () => {
    const folder = emptyFolder();
    const part = (n: number, ram: string) =>
      s7x(['sweep', bye, '--ram', ram, '--shard', `${n}/2`, '-o', `p${n}`, ...FAST], { folder });
    await Promise.all([part(1, '8M..16M'), part(2, '8M..32M')]);
    const run = await s7x(['sweep', '--merge', 'p1/sweep.json', '--merge', 'p2/sweep.json'], {
      folder,
    });
    expect([run.status, run.stderr]).toEqual([
      2,
      expect.stringMatching(/not a shard of the same sweep/),
    ]);
  });
});

describe('s7x sweep --baseline', () => {
  const folder = emptyFolder();
  const sweep = (image: string, ...words: string[]) =>
    s7x(['sweep', image, '--cpu', 'unit', '--ram', '8M,16M', ...FAST, ...words], { folder });
  const first = sweep(bye, '-o', 'a');

  it('has status 0 when nothing costs more', async () => {
    expect((await first).status).toBe(0);
    const run = await sweep(bye, '--baseline', 'a/sweep.json');
    expect([run.status, run.stderr.includes('baseline')]).toEqual([0, false]);
  });

  it('has status 12 and names what is exceeded, beyond the tolerance', async () => {
    await first;
    // 999 more turns of a loop of two instructions: a cycle each with `--cpu unit`.
    const text =
      'mov esi, text\ncall puts\njmp power_off\ntext: db "one", 10, "two", 10, "three", 10, 0';
    const loop = (turns: number): string =>
      guestOf(`call com1_init\nmov ecx, ${turns}\nagain:\ndec ecx\njnz again\n${text}`);
    expect((await sweep(loop(1), '-o', 'b')).status).toBe(0);
    const words = ['--baseline', 'b/sweep.json'];
    const run = await sweep(loop(1000), ...words);
    expect(run.status).toBe(12);
    const [, now = '', then = ''] =
      /^s7x: baseline: 16 MiB: cycles ([\d ]+), ([\d ]+) before \(\+\d+\.\d{3} %\)$/m.exec(
        run.stderr,
      ) ?? [];
    const count = (digits: string): number => Number(digits.replaceAll(' ', ''));
    expect(count(now) - count(then)).toBe(999 * 2);
    expect((await sweep(loop(1000), ...words, '--tolerance', '50%')).status).toBe(0);
    const fails = await sweep(loop(1), ...words, '--expect', 'four');
    expect([fails.status, fails.stderr.includes('8 MiB: FAIL, PASS before')]).toEqual([4, true]);
  });

  it.each<[string[], number, RegExp]>([
    [['--baseline', 'none.json'], 10, /^s7x: --baseline none\.json cannot be read/],
    [['--baseline', 'a/sweep.json', '-o', './a'], 2, /would write over it/],
    [['--baseline', 'a/sweep.json', '--tolerance', 'much'], 2, /^s7x: --tolerance much: /],
    [['--tolerance', '3%'], 2, /there is none/],
    [['--baseline', 'a/sweep.json', '--vary', 'fill=1'], 2, /no row of this sweep is in it/],
  ])('%j is refused', async (words, status, sentence) => {
    await first;
    const run = await sweep(bye, ...words);
    expect(run.status).toBe(status);
    expect(run.stderr).toMatch(sentence);
  });
});

/** A sweep.json whose row has no figures. */
function cutSweep(): string {
  const path = join(emptyFolder(), 'sweep.json');
  const schema = 'https://system7x.dev/schema/sweep-1.json';
  const plan = { rows: 1, digest: 'x' };
  const image = { path: 'k.elf', sha256: 'x' };
  writeFileSync(path, JSON.stringify({ schema, plan, image, rows: [{ index: 0 }] }));
  return path;
}

describe('s7x sweep refuses', () => {
  it.each<[string, string[], number, RegExp]>([
    ['nothing to vary', [], 2, /nothing varies/],
    ['a shard of none', ['--ram', '8M', '--shard', '3/2'], 2, /--shard 3\/2/],
    ['two documents on stdout', ['--ram', '8M', '--json', '--csv'], 2, /cannot both go to stdout/],
    ['no jobs', ['--ram', '8M', '--jobs', '0'], 2, /--jobs 0/],
    ['an unknown option to vary', ['--vary', 'ramm=8M'], 2, /ramm.*ram/],
    ['a choice that is none', ['--vary', 'uart=fast'], 2, /uart=fast/],
    [
      'a file to merge that is not there',
      ['--merge', 'none.json'],
      10,
      /none\.json cannot be read/,
    ],
    ['a file to merge that is cut', ['--merge', cutSweep()], 2, /not a sweep\.json of s7x/],
    ['an image that is not there', ['none.elf', '--ram', '8M'], 10, /none\.elf/],
  ])('%s', async (_, words, status, sentence) => {
    const run = await s7x(['sweep', ...words]);
    expect(run.stderr).toMatch(sentence);
    expect([run.status, run.stdout]).toEqual([status, '']);
    expect(existsSync(join(run.folder, 's7x-sweep'))).toBe(false);
  });
});
