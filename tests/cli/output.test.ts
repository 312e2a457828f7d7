/** What goes where: standard output, standard error, the folder; and that each of them holds only its own. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, mainPath, runRecord, s7x } from './s7x.js';

const LINES = 'one\ntwo\nthree\n';
const file = (folder: string, path: string): string => readFileSync(join(folder, path), 'latin1');

interface LogLine {
  readonly level: number;
  readonly cycle: string;
  readonly ns: string;
  readonly msg: string;
  readonly component?: string;
}

// Matchers without the type any.
const aNumber: unknown = expect.any(Number);
const aText: unknown = expect.any(String);
const textLike = (shape: RegExp): unknown => expect.stringMatching(shape);
const containing = (part: object): unknown => expect.objectContaining(part);

const logLines = (text: string): LogLine[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);

describe('standard output', () => {
  it('carries the bytes of COM1 and nothing else; serial.log the same', async () => {
    const run = await s7x(['run', guest('power-off'), '-v']);
    expect(run.stdout).toBe(LINES);
    expect(file(run.folder, '.s7x/last/serial.log')).toBe(LINES);
  });

  it('carries all 256 byte values unchanged', async () => {
    const all = guestOf(
      'call com1_init\nxor ebp, ebp\nnext:\nmov eax, ebp\ncall put\ninc ebp\ncmp ebp, 256\njne next\njmp power_off',
    );
    const run = await s7x(['run', all]);
    const expected = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    expect(run.stdout).toBe(expected);
  });

  it.each([
    ['--timestamps=cycles', /^\[ {4,}\d+\] one\n\[ {4,}\d+\] two\n\[ {4,}\d+\] three\n$/],
    ['--timestamps=time', /^\[ +0\.00\d{7}\] one\n\[ +0\.00\d{7}\] two\n\[ +0\.00\d{7}\] three\n$/],
    ['--timestamps', /^\[ +0\.00\d{7}\] one\n\[ +0\.00\d{7}\] two\n\[ +0\.00\d{7}\] three\n$/],
    [
      '--timestamps=delta',
      /^\[ +0\.00\d{7}\] one\n\[ +0\.000347\d{3}\] two\n\[ +0\.000347\d{3}\] three\n$/,
    ],
  ])('%s puts guest time before lines, not into serial.log', async (word, shape) => {
    // A character of 10 bits at 115200 baud takes 86.8 us: four of them 347.2 us.
    const run = await s7x(['run', guest('power-off'), word]);
    expect(run.stdout).toMatch(shape);
    expect(file(run.folder, '.s7x/last/serial.log')).toBe(LINES);
  });

  it('--serial null shows nothing, and serial.log has it all', async () => {
    const run = await s7x(['run', guest('power-off'), '--serial', 'null']);
    expect(run.stdout).toBe('');
    expect(file(run.folder, '.s7x/last/serial.log')).toBe(LINES);
  });

  it('--serial file: writes a file; a second --serial is COM2', async () => {
    const words = ['--serial', 'file:first.txt', '--serial', 'stdio'];
    const run = await s7x(['run', guest('two-ports'), ...words]);
    expect(run.stdout).toBe('second port\n');
    expect(file(run.folder, 'first.txt')).toBe('first port\n');
    expect(file(run.folder, '.s7x/last/serial.log')).toBe('first port\n');
  });

  it("--serial into a folder that is not there is the host's problem", async () => {
    const run = await s7x(['run', guest('power-off'), '--serial', 'file:missing/first.txt']);
    expect([run.status, run.stdout]).toEqual([10, '']);
    expect(run.stderr).toMatch(/missing\/first\.txt cannot be written/);
  });

  it('--json is run.json and no serial bytes', async () => {
    const run = await s7x(['run', guest('power-off'), '--json']);
    const record = JSON.parse(run.stdout) as RunRecord;
    expect(record).toEqual(runRecord(run));
    expect(file(run.folder, '.s7x/last/serial.log')).toBe(LINES);
  });

  it('whose reader goes away (| head) ends the writing, not the files', async () => {
    const folder = emptyFolder();
    const command = `"$0" "$1" run "$2" --timeout 300ms | head -n 2; echo`;
    const words = [process.execPath, mainPath, guest('prints-forever')];
    const shell = spawn('/bin/sh', ['-c', command, ...words], { cwd: folder });
    let [stdout, stderr] = ['', ''];
    shell.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    shell.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await new Promise((resolve) => shell.on('close', resolve));
    expect(stdout).toBe('and on and on\nand on and on\n\n');
    expect(stderr).not.toMatch(/EPIPE|internal error/);
    const { outcome } = runRecord({ folder, status: 0, signal: null, stdout, stderr });
    expect(outcome.kind).toBe('limit');
    // 300 ms are 3456 characters of 86.8 us, less what the firmware takes.
    expect(file(folder, '.s7x/last/serial.log').length).toBeGreaterThan(3000);
  });

  it.each([[['memmap']], [['run', guest('power-off')]], [['run', guest('power-off'), '--json']]])(
    'that cannot be written is said, and no success: %j',
    async (words) => {
      const command = 'exec "$0" "$@" > /dev/full'; // Linux: every write to it finds no space
      const shell = spawn('/bin/sh', ['-c', command, process.execPath, mainPath, ...words], {
        cwd: emptyFolder(),
      });
      let stderr = '';
      shell.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const status = await new Promise((resolve) => shell.on('close', resolve));
      expect(stderr).toMatch(/s7x: standard output cannot be written: no space left on device/);
      expect(status).toBe(10);
    },
  );
});

describe('standard error', () => {
  it('whose reader goes away (2>&1 >/dev/null | head) loses lines, not the run', async () => {
    const folder = emptyFolder();
    const command = `{ "$0" "$1" run "$2" -vv 2>&1 >out; echo $? >status; } | head -n 1`;
    const words = [process.execPath, mainPath, guest('power-off')];
    const shell = spawn('/bin/sh', ['-c', command, ...words], { cwd: folder });
    await new Promise((resolve) => shell.on('close', resolve));
    expect([file(folder, 'status'), file(folder, 'out')]).toEqual(['0\n', LINES]);
    const run = { folder, status: 0, signal: null, stdout: '', stderr: '' };
    expect(runRecord(run).outcome.kind).toBe('power-off');
  });

  it.each([
    [['run', guest('power-off')], 10],
    [['run', guest('triple-fault')], 6],
    [['run', '-m', '5P'], 2],
  ])(
    'that cannot be written is no success, and no other status changes: %j',
    async (words, status) => {
      const command = 'exec "$0" "$@" 2> /dev/full';
      const folder = emptyFolder();
      const shell = spawn('/bin/sh', ['-c', command, process.execPath, mainPath, ...words], {
        cwd: folder,
      });
      expect(await new Promise((resolve) => shell.on('close', resolve))).toBe(status);
      expect(existsSync(join(folder, '.s7x/last/run.json'))).toBe(status !== 2);
    },
  );

  it('says that -m is for the map pc where another map says where RAM is', async () => {
    const words = ['run', guest('power-off'), '--log-format', 'pretty', '-m', '8M'];
    const zoo = await s7x([...words, '--memmap', 'zoo:bochs-512m']);
    expect(zoo.stderr).toContain(
      's7x: --ram 8M is for the map pc only; zoo:bochs-512m says itself where RAM is',
    );
    expect((await s7x(words)).stderr).not.toContain('is for the map pc only');
  });

  it("is NDJSON where it is no terminal: each line with guest time, none with the host's", async () => {
    const run = await s7x(['run', guest('unmodelled-ports')]);
    const lines = logLines(run.stderr);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(line.cycle).toMatch(/^\d+$/);
      expect(line.ns).toMatch(/^\d+$/);
      expect(Object.keys(line)).not.toEqual(expect.arrayContaining(['time', 'pid', 'hostname']));
    }
    const cycles = lines.map(({ cycle }) => Number(cycle));
    expect(cycles).toEqual([...cycles].sort((a, b) => a - b));
  });

  it('--log-format pretty is text', async () => {
    const run = await s7x(['run', guest('power-off'), '--log-format', 'pretty']);
    expect(run.stderr).toMatch(/^s7x: .*ELF, PVH.*ram .*cpu zen1@2.55 GHz.*map pc/);
    expect(run.stderr).toMatch(/^s7x: PASS /m);
  });

  it('-q says nothing when all is well, and one line when it is not', async () => {
    expect((await s7x(['run', guest('power-off'), '-q'])).stderr).toBe('');
    const failed = await s7x(['run', guest('triple-fault'), '-q']);
    expect(logLines(failed.stderr).map(({ level }) => level)).toEqual([50]);
  });

  it('-v adds the lines of the debug port; log.ndjson has them anyway', async () => {
    const plain = await s7x(['run', guest('two-ports')]);
    const verbose = await s7x(['run', guest('two-ports'), '-v']);
    const debug = (text: string): string[] =>
      logLines(text)
        .filter(({ component }) => component === 'debugcon')
        .map(({ msg }) => msg);
    expect(debug(plain.stderr)).toEqual([]);
    expect(debug(verbose.stderr)).toContain('second port');
    expect(debug(file(plain.folder, '.s7x/last/log.ndjson'))).toContain('second port');
    expect(file(plain.folder, '.s7x/last/debugcon.log')).toMatch(/second port\n$/);
  });

  it('shows the last line of the debug port without its carriage return', async () => {
    const said = ["'a'", '13', '10'].map((byte) => `mov al, ${byte}\nout 0xe9, al`).join('\n');
    const run = await s7x(['run', guestOf(`${said}\ncli\nhlt`)]);
    const last = logLines(run.stderr).filter(({ msg }) => msg.includes('debug port'));
    expect(last.map(({ msg }) => msg)).toEqual(['last line on the debug port: a']);
    expect(file(run.folder, '.s7x/last/debugcon.log')).toMatch(/a\r\n$/);
  });

  it('tells of each unmodelled port once, with port, place and value', async () => {
    const run = await s7x(['run', guest('unmodelled-ports')]);
    const told = logLines(run.stderr).filter(({ component }) => component === 'unimp');
    expect(told.map((line) => ({ ...line, cycle: '', ns: '' }))).toEqual([
      expect.objectContaining({ port: '0x1f7', msg: 'read of an unmodelled port', widthBytes: 1 }),
      expect.objectContaining({ port: '0x300', value: 0x1234, widthBytes: 2 }),
    ]);
    expect(run.stdout).toMatch(/^000000ff\nffffffff\n$/);
  });

  it('tells of the first character that a full transmitter lost, and how many; of each with -d guest-error', async () => {
    const lostIn = (folder: string): LogLine[] =>
      logLines(file(folder, '.s7x/last/log.ndjson')).filter(({ msg }) => msg.includes('lost'));
    const run = await s7x(['run', guest('floods-transmitter')]);
    // 64 characters in 64 us, while the first is still on the line: the shift register and 16 in the FIFO are sent.
    expect(run.stdout).toBe('0123456789:;<=>?@');
    const [first, count, ...more] = lostIn(run.folder);
    expect(first?.component).toBe('guest-error');
    expect(count?.msg).toMatch(/ is lost \(COM1\): 47 times; .*--uart instant; /);
    expect(more).toEqual([]);
    const each = await s7x(['run', guest('floods-transmitter'), '-d', 'guest-error']);
    expect(lostIn(each.folder)).toHaveLength(64 - 17);
  });

  it('has a line where the guest was, and on its own, where both streams go to one place', () => {
    const both = `exec "$0" "$@" 2>&1`;
    const words = ['run', guest('unmodelled-ports'), '--log-format', 'pretty'];
    const shell = ['-c', both, process.execPath, mainPath, ...words];
    const { stdout } = spawnSync('sh', shell, { cwd: emptyFolder(), encoding: 'utf8' });
    // Two characters are still in the transmitter when the guest comes to the second port.
    expect(stdout.replace(/: .*/g, '').split('\n').slice(1, 6)).toEqual([
      's7x',
      '000000f',
      's7x',
      'f',
      'ffffffff',
    ]);
  });

  it('-d adds categories', async () => {
    const components = async (...words: string[]): Promise<Set<string | undefined>> => {
      const run = await s7x(['run', guest('ticks'), ...words]);
      return new Set(logLines(run.stderr).map(({ component }) => component));
    };
    expect(await components()).not.toContain('int');
    expect(await components('-d', 'int')).toContain('int');
    expect(await components('-d', 'int', '--debug', 'boot,exc')).toEqual(
      new Set([undefined, 'int', 'boot']),
    );
  });
});

describe('-d io and -d dev', () => {
  it('have accesses to ports and to registers in memory, with their values', async () => {
    const image = guestOf(`
      mov al, 0x5a
      out 0x99, al
      mov eax, [0xfee00030]
      mov dword [0xfee00080], 0x20
      jmp power_off`);
    const run = await s7x(['run', image, '--cpu', 'unit', '-d', 'io,dev']);
    const lines = logLines(run.stderr).map((line) => JSON.stringify(line));
    const shown = (component: string, ...parts: string[]): boolean =>
      lines.some((line) =>
        [`"component":"${component}"`, ...parts].every((part) => line.includes(part)),
      );
    expect(shown('io', 'port write', '"port":"0x99"', '"bytes":1', '"value":"0x5a"')).toBe(true);
    expect(shown('dev', 'register read', '"address":"0xfee00030"', '"bytes":4')).toBe(true);
    expect(shown('dev', 'register write', '"address":"0xfee00080"', '"value":"0x20"')).toBe(true);
    const plain = await s7x(['run', image, '--cpu', 'unit']);
    expect(runRecord(run).hash).toBe(runRecord(plain).hash);
  });
});

describe('the folder', () => {
  it('is .s7x/last, or what -o names', async () => {
    const names = ['run.json', 'serial.log', 'debugcon.log', 'log.ndjson'];
    const run = await s7x(['run', guest('power-off'), '-o', 'deep/er']);
    for (const name of names) expect(existsSync(join(run.folder, 'deep/er', name))).toBe(true);
    expect(existsSync(join(run.folder, '.s7x'))).toBe(false);
  });

  it("holds one run's results: an earlier run's profile and pages are gone", async () => {
    const made = ['profile.json', 'profile.folded', 'pages.json'];
    const first = await s7x(['run', guest('power-off'), '--profile', '--atlas']);
    const there = (): boolean[] =>
      made.map((name) => existsSync(join(first.folder, '.s7x/last', name)));
    expect(there()).toEqual([true, true, true]);
    await s7x(['run', guest('two-ports')], { folder: first.folder });
    expect(there()).toEqual([false, false, false]);
    const report = await s7x(['report', '--flame', 'f.svg'], { folder: first.folder });
    expect(report.stderr).toMatch(/has no profile\.json; run with --profile/);
  });

  it('of a run that is killed has no result of the one before it', async () => {
    const { folder } = await s7x(['run', guest('power-off')]);
    const killed = await s7x(['run', guest('prints-forever')], {
      folder,
      onOutput: (text, kill) => {
        if (text.length > 200) kill('SIGKILL');
      },
    });
    expect(killed.signal).toBe('SIGKILL');
    const report = await s7x(['report'], { folder });
    expect(report.stderr).toMatch(/there is no run\.json, so no run ended here/);
    expect(report.status).toBe(10);
  });

  it('has a run.json of the documented shape', async () => {
    const run = await s7x([
      'run',
      guest('power-off'),
      '-m',
      '8M',
      '--expect',
      'two',
      '--keep-going',
      '--functional',
      '--record',
      'last=/^(t\\w+)$/',
      '--record',
      'none=/four/',
    ]);
    const record = runRecord(run);
    expect(record).toEqual({
      schema: textLike(/^https:.*run-1/),
      tool: { name: 's7x', version: textLike(/^\d+\.\d+\.\d+/) },
      image: {
        path: textLike(/power-off\.elf$/),
        sha256: textLike(/^[0-9a-f]{64}$/),
        kind: 'pvh',
      },
      config: containing({
        ramBytes: '8388608',
        memmap: 'pc',
        cpu: 'unit',
        coreHz: 1e9,
        expect: ['two'],
        record: ['last=/^(t\\w+)$/', 'none=/four/'],
        keepGoing: true,
      }),
      outcome: { kind: 'power-off', code: 0, detail: aText, report: [] },
      stats: {
        cycles: aNumber,
        ns: aNumber,
        instructions: aNumber,
        residentBytes: aNumber,
        ramBytes: String((8 << 20) - 0x40000), // less the video window and what lies behind it
        interrupts: 0,
        exceptions: 0,
        pageFaults: 0,
        resets: 0,
        timing: null,
      },
      expects: [{ pattern: 'two', cycle: aNumber, line: 2 }],
      records: { last: 'three', none: null },
      hash: textLike(/^[0-9a-f]{16}$/),
      host: {
        wallMs: aNumber,
        peakResidentBytes: aNumber,
        node: process.version,
        cpu: aText,
      },
    });
    // 14 characters of 86.8 us, and less than a millisecond of firmware.
    expect(record.stats.ns).toBeGreaterThan(14 * 86_805);
    expect(record.stats.ns).toBeLessThan(14 * 86_806 + 1_000_000);
    expect(logLines(run.stderr).map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['last = three', 'none = (none came)']),
    );
    const report = await s7x(['report'], { folder: run.folder });
    expect(report.stdout).toContain('\nlast = three\nnone = (none came)\n');
  });

  it('--junit writes a document with the result, the reason, and what COM1 showed', async () => {
    const words = ['-m', '8M', '--functional', '--fail', 'two', '--junit', 'result.xml'];
    const run = await s7x(['run', guest('power-off'), ...words]);
    expect(run.status).toBe(4);
    expect(file(run.folder, 'result.xml')).toMatch(
      /<testsuite name="s7x\.power-off\.elf" tests="1" failures="1" errors="0" skipped="0" time="0\.\d{9}">\n<testcase classname="s7x\.power-off\.elf" name="ram 8 MiB, memmap pc, cpu unit"[^]*<failure message="--fail two matched in line 2">[^]*<system-out>one\ntwo<\/system-out>\n/,
    );
  });

  it('--tap FILE writes the same as TAP', async () => {
    const run = await s7x([
      'run',
      guest('power-off'),
      '-m',
      '8M',
      '--functional',
      '--tap',
      'result.tap',
    ]);
    expect(readFileSync(join(run.folder, 'result.tap'), 'utf8')).toBe(
      'TAP version 14\n1..1\nok 1 - ram 8 MiB, memmap pc, cpu unit\n',
    );
    expect(run.stdout).toBe('one\ntwo\nthree\n');
  });

  it('has all its files when --junit cannot be written', async () => {
    const run = await s7x(['run', guest('power-off'), '--junit', '.', '-q']);
    expect([run.status, runRecord(run).outcome.kind]).toEqual([10, 'power-off']);
    expect(run.stderr).toMatch(/^s7x: \. cannot be written: /);
  });
});
