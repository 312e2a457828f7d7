/** `--coverage` with `report --lcov`, and `report --massif`: a C program of known branches, the functions of a profile, ms_print and genhtml. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Finished } from './s7x.js';

const text = ({ folder }: Finished, name: string): string =>
  readFileSync(join(folder, name), 'utf8');
const report = ({ folder }: Finished, words: readonly string[]): Promise<Finished> =>
  s7x(['report', ...words], { folder });
const isThere = (name: string): boolean =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;

/** What is executed is marked with a comment; a multiboot header stands before the code. */
const SOURCE = `
__asm__(".pushsection .text.head\\n.align 4\\n.long 0x1badb002, 0, -0x1badb002\\n"
        ".globl _start\\n_start: mov $stack + 4096, %esp\\njmp work\\n.popsection");
char stack[4096];
volatile int input = 3;
volatile int output;
static void never(void) {
  output = 7;
}
static int choose(int value) {
  if (value > 5) // executed
    output = 1;
  else
    output = 2; // executed
  return value + 1; // executed
}
void work(void) {
  for (int i = 0; i < 3; i++) // executed
    input = choose(i); // executed
  if (input == 99) // executed
    never();
  __asm__ volatile("outw %w0, %w1" : : "a"(0x2000), "d"(0x604)); // executed
  for (;;);
}
`;

function compiled(version: string): string | null {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'main.c'), SOURCE);
  const words = [
    '-m32',
    '-O0',
    `-gdwarf-${version}`,
    '-fno-pie',
    '-no-pie',
    '-ffreestanding',
    '-nostdlib',
    '-static',
  ];
  const link = ['-Wl,-Ttext=0x100000', '-Wl,--build-id=none', '-o', 'k.elf', 'main.c'];
  const { status } = spawnSync('gcc', [...words, ...link], { cwd: folder, stdio: 'ignore' });
  return status === 0 ? join(folder, 'k.elf') : null;
}
const images = ['4', '5'].map((version) => [version, compiled(version)] as const);
if (images[0]?.[1] == null) process.stderr.write('skipped: no gcc for 32 bits is installed\n');

describe.each(images)('coverage of lines, DWARF %s', (_version, image) => {
  it.skipIf(image === null)(
    'has the lines that were executed, and those that were not',
    async () => {
      const run = await s7x(['run', image ?? '', '-m', '8M', '--cpu', 'unit', '--coverage']);
      expect(run.stderr).toContain('PASS');
      expect((await report(run, ['--lcov', 'l.info'])).status).toBe(0);
      const record =
        text(run, 'l.info')
          .split('end_of_record\n')
          .find((part) => /SF:.*main\.c$/m.test(part)) ?? '';
      const lines = (hits: number): number[] =>
        [...record.matchAll(new RegExp(`^DA:(\\d+),${hits}$`, 'gm'))].map(([, line]) =>
          Number(line),
        );
      const wanted = SOURCE.split('\n').flatMap((line, index) =>
        line.includes('// executed') ? [index + 1] : [],
      );
      expect(lines(1)).toEqual(expect.arrayContaining(wanted));
      const at = (words: string): number =>
        SOURCE.split('\n').findIndex((line) => line.includes(words)) + 1;
      expect(lines(0)).toEqual(
        expect.arrayContaining([at('output = 7'), at('output = 1'), at('    never();')]),
      );
      expect(lines(0).filter((line) => wanted.includes(line))).toEqual([]);
      expect(record).toContain(`FN:${at('int choose')},choose\n`);
      expect(record).toContain('FNDA:1,choose\n');
      expect(record).toContain('FNDA:0,never\n');
      expect(record).toMatch(/^FNF:3\nFNH:2$/m);
      expect(record).toContain(`LH:${lines(1).length}\n`);
    },
  );
});

describe.each(['unit', 'zen1'])('coverage with --cpu %s', (cpu) => {
  it('has the functions that a profile has, and changes nothing', async () => {
    const words = ['run', '-m', '8M', '--append', 'quiet', '--cpu', cpu];
    const plain = await s7x([...words, '--profile']);
    const run = await s7x([...words, '--coverage']);
    const [now, then] = [runRecord(run), runRecord(plain)];
    expect([now.hash, now.stats]).toEqual([then.hash, then.stats]);
    const { stdout } = await report(plain, ['--json']);
    const profiled = (JSON.parse(stdout) as { functions: { name: string }[] }).functions
      .map(({ name }) => name)
      .filter((name) => /^[\w./-]+$/.test(name) && !name.startsWith('0x'));
    await report(run, ['--lcov', 'l.info']);
    const hit = new Set(
      [...text(run, 'l.info').matchAll(/^FNDA:1,(.*)$/gm)].map(([, name]) => name),
    );
    expect(profiled.length).toBeGreaterThan(50);
    expect(profiled.filter((name) => !hit.has(name))).toEqual([]);
    expect(hit.size).toBeLessThan([...text(run, 'l.info').matchAll(/^FN:/gm)].length);
  });

  it('of a run that ends before a function has nothing of it', async () => {
    const image = guestOf('call work\njmp power_off\nwork:\nnop\ncall inner\nret\ninner:\nret');
    const run = await s7x(['run', image, '--cpu', cpu, '--coverage', '--until', 'sym:inner']);
    await report(run, ['--lcov', 'l.info']);
    const info = text(run, 'l.info');
    // Without lines of source they stand in the image's own record.
    expect(info).toMatch(/^TN:\nSF:.*guest\.elf\nFN:0,entry$/m);
    expect(info).toContain('FNDA:1,work\n');
    expect(info).toContain('FNDA:0,inner\n');
  });
});

it('says what is missing', async () => {
  const run = await s7x(['run', guest('power-off'), '--functional']);
  const refused = async (words: readonly string[]): Promise<string> => {
    const { status, stderr } = await report(run, words);
    expect(status).toBe(2);
    return stderr;
  };
  expect(await refused(['--lcov', 'l'])).toBe(
    's7x: --lcov: .s7x/last has no coverage.json; run with --coverage\n',
  );
  expect(await refused(['--massif', 'm'])).toContain('--massif: .s7x/last has no pages.json');
  await s7x(['replay', '--coverage', '-o', 'covered'], { folder: run.folder });
  expect((await report(run, ['covered', '--lcov', 'l'])).status).toBe(0);
  expect(await refused(['covered', '--between', '..1us', '--lcov', 'l'])).toContain(
    '--lcov cannot go with --between: coverage has no times',
  );
  writeFileSync(runRecord(run).image?.path ?? '', 'another');
  expect((await report(run, ['covered', '--lcov', 'l'])).status).toBe(2);
});

describe('report --massif', () => {
  /** Writes 3 pages, waits a million instructions, and writes 100 others. */
  const image = guestOf(`
      call early
      mov ecx, 1000000
      loop $
      call late
      jmp power_off
    early:
      mov [0x400000], eax
      mov [0x401000], eax
      mov [0x402000], eax
      ret
    late:
      mov edi, 0x500000
      mov ecx, 100
    .next:
      mov [edi], eax
      add edi, 4096
      loop .next
      ret
  `);
  const ran = s7x(['run', image, '-m', '8M', '--cpu', 'unit', '--atlas']);

  it('has the pages of each function at each time', async () => {
    const run = await ran;
    expect((await report(run, ['--massif', 'm.out'])).status).toBe(0);
    const file = text(run, 'm.out');
    const snapshots = [...file.matchAll(/^time=(\d+)\nmem_heap_B=(\d+)$/gm)];
    const sizes = snapshots.map(([, , bytes]) => Number(bytes) / 4096);
    expect(snapshots).toHaveLength(100);
    expect(Number(snapshots.at(-1)?.[1])).toBe(runRecord(run).stats.cycles);
    const [middle = 0, last = 0] = [sizes[50], sizes.at(-1)];
    expect(last - middle).toBe(100);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(file).toMatch(
      /heap_tree=peak\nn\d+: \d+ .*\n(?: n0: .*\n)* n0: 409600 late \(in guest\.elf\)\n/,
    );
    expect(file).toMatch(/ n0: 12288 early \(in guest\.elf\)\n/);
    const part = await report(run, ['--massif', 'p.out', '--between', 'end..']);
    expect(part.status).toBe(2);
  });

  const prints = isThere('ms_print');
  if (!prints) process.stderr.write('skipped: no ms_print is installed\n');
  it.skipIf(!prints)('is read by ms_print', async () => {
    const run = await ran;
    await report(run, ['--massif', 'm.out']);
    const shown = execFileSync('ms_print', ['m.out'], { cwd: run.folder, encoding: 'utf8' });
    expect(shown).toMatch(
      /Number of snapshots: 100\n Detailed snapshots: \[9, 19, .* 99 \(peak\)\]/,
    );
    expect(shown).toMatch(/\(409,600B\) late \(in guest\.elf\)/);
  });
});

const draws = isThere('genhtml');
if (!draws) process.stderr.write('skipped: no genhtml is installed\n');
it.skipIf(!draws || images[0]?.[1] == null)('is read by genhtml', async () => {
  const run = await s7x(['run', images[1]?.[1] ?? '', '--functional', '--coverage']);
  await report(run, ['--lcov', 'l.info']);
  execFileSync('genhtml', ['-q', '-o', 'html', 'l.info', '--ignore-errors', 'source'], {
    cwd: run.folder,
  });
  expect(text(run, 'html/index.html')).toMatch(/Functions:<\/td>\s+<td[^>]*>2<\/td>\s+<td[^>]*>3</);
});
