/** `s7x test`: what suites say of a boot, and what they make of it. The guest echo.asm changes the case of what it gets; a full stop ends it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestResult } from '../../emulator/cli/suite/suite-result.js';
import { guest, guestOf } from '../guests/guest.js';
import { runRecord, s7x, type Finished } from './s7x.js';
import { BYE, ECHO, resultOf, runSuite, withFiles } from './suite-folder.js';

/** 8N1 at 115200 baud: 10 bits, each 16 ticks of 1.8432 MHz [PC16550D "Programmable Baud Generator"]. */
const CHARACTER_NS = (160 / 1_843_200) * 1e9;

describe('a suite', () => {
  it('without steps passes when its guest switches off, and is called by its file', async () => {
    const run = await runSuite(BYE);
    expect(run.stdout).toMatch(
      /^PASS {2}a {2}\d[\d.]+ \w+ {2}\d[\d ]* cycles\n1 case of 1 suite: /,
    );
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(readFileSync(join(run.folder, 's7x-test/runs/0000-a/serial.log'), 'utf8')).toBe(
      'one\ntwo\nthree\n',
    );
  });

  it('has a case for each combination of its matrix, in its order', async () => {
    const run = await runSuite(
      ['name: sizes', ...BYE, 'matrix:', '  ram: [8M, 16M]', '  fill: [zero, 0xcc]'],
      ['--list'],
    );
    expect(run.stdout).toBe(
      'sizes: ram 8 MiB, fill zero\nsizes: ram 8 MiB, fill 0xcc\n' +
        'sizes: ram 16 MiB, fill zero\nsizes: ram 16 MiB, fill 0xcc\n',
    );
    expect([run.status, existsSync(join(run.folder, 's7x-test'))]).toEqual([0, false]);
  });

  it('ranges and lists of the zoo are values of a matrix; a flag is one, too', async () => {
    const lines = ['matrix:', '  ram: 8M..32M', '  functional: [true, false]', "  append: 'a,b'"];
    const run = await runSuite(['image: bye.elf', ...lines], ['--list']);
    expect(run.stdout.trim().split('\n')).toHaveLength(6);
    const zoo = await runSuite(
      ['image: bye.elf', "matrix: { memmap: ['zoo:bochs-*'] }"],
      ['--list'],
    );
    expect(zoo.stdout).toContain('a: memmap zoo:bochs-512m\n');
  });

  it('finds its files from its own folder, and is found below the current one', async () => {
    const folder = withFiles({ 'deep/er/b.boot.yaml': 'image: ../../bye.elf\ncpu: unit\n' });
    mkdirSync(join(folder, 'node_modules'));
    writeFileSync(join(folder, 'node_modules/c.boot.yaml'), 'name: [\n');
    for (const words of [
      [],
      ['deep'],
      ['deep/er/b.boot.yaml'],
      ['d*/**/*.boot.yaml'],
      ['**/{a,b}.*'],
    ]) {
      const run = await s7x(['test', ...words, '--list'], { folder });
      expect([run.status, run.stdout, run.stderr]).toEqual([0, 'b\n', '']);
    }
  });

  it('with CRLF and a byte order mark is the same', async () => {
    const run = await runSuite(
      ['\ufeffname: größe', ...BYE].map((line) => `${line}\r`),
      ['--list'],
    );
    expect(Buffer.from(run.stdout, 'latin1').toString()).toBe('größe\n');
  });

  it('-t chooses cases; none is an error', async () => {
    const lines = [...BYE, 'matrix: { ram: [8M, 16M] }'];
    const run = await runSuite(lines, ['-t', '16 MiB']);
    expect(resultOf(run).cases.map(({ name }) => name)).toEqual(['a: ram 16 MiB']);
    const none = await runSuite(lines, ['-t', '/32 mib/i']);
    expect([none.status, none.stderr]).toEqual([
      2,
      's7x: --name /32 mib/i: no case of 2 has such a name\n',
    ]);
  });
});

describe('steps', () => {
  it('wait, and type what the guest then gets', async () => {
    const steps = ['steps:', '- send: Hello', '- wait: hELLO', '- write-serial: " ok"'];
    const lines = [...ECHO, ...steps, '- wait-serial: /OK/', '- send: .'];
    const run = await runSuite(lines);
    expect([run.status, run.stderr]).toEqual([0, '']);
    const record = runRecord(run, 's7x-test/runs/0000-a');
    expect(record.outcome.kind).toBe('power-off'); // what was sent last is for the guest to act upon
    expect(readFileSync(join(run.folder, 's7x-test/runs/0000-a/serial.log'), 'utf8')).toBe(
      'hELLO OK',
    );
    expect(record.expects.map(({ pattern }) => pattern)).toEqual(['hELLO', '/OK/']);
  });

  it('give the same run each time, which s7x replay repeats', async () => {
    const lines = [
      ...ECHO,
      'steps:',
      '- send: abc',
      '- wait: B',
      '- delay: 3ms',
      '- send: d',
      '- wait: D',
    ];
    const [first, second] = [await runSuite(lines), await runSuite(lines)];
    const [one, two] = [first, second].map((run) => resultOf(run).cases[0]);
    expect(one).toEqual(two);
    const again = await s7x(['replay', 's7x-test/runs/0000-a'], { folder: first.folder });
    expect(again.stderr).toContain(`state hash ${one?.hash}`);
    expect([again.status, again.stdout]).toEqual([0, 'ABCD']);
    const record = readFileSync(join(first.folder, 's7x-test/runs/0000-a/run.json'), 'utf8');
    const path = join(first.folder, 's7x-test/runs/0000-a/run.json');
    writeFileSync(path, record.replace('"text": "d"', '"text": "e"'));
    const other = await s7x(['replay', 's7x-test/runs/0000-a'], { folder: first.folder });
    expect([other.status, other.stderr.includes('not the run that was recorded')]).toEqual([
      12,
      true,
    ]);
  });

  it('a delay is guest time, and what comes meanwhile counts for the next wait', async () => {
    const lines = [
      ...ECHO,
      'steps:',
      '- send: ab',
      '- wait: A',
      '- delay: 50ms',
      '- wait: B',
      '- send: .',
    ];
    const run = await runSuite(lines);
    expect(run.status).toBe(0);
    const { expects, stats } = runRecord(run, 's7x-test/runs/0000-a');
    const [a = 0, b = 0] = expects.map(({ cycle }) => cycle ?? 0);
    expect(b - a).toBe(50_000_000); // --cpu unit has 1 GHz
    expect(stats.ns).toBeGreaterThan(50e6);
  });

  it.each(['unit', 'zen1'])(
    'a guest that polls for what comes after a delay does not hang: --cpu %s',
    async (cpu) => {
      const polls = 'mov dx, COM1_LSR\nin al, dx\ntest al, 1\njz next\nmov dx, COM1\nin al, dx';
      const image = guestOf(
        `call com1_init\nnext:\n${polls}\ncmp al, "."\nje power_off\ncall put\njmp next`,
      );
      const lines = [
        `image: ${image}`,
        `cpu: ${cpu}`,
        'steps:',
        '- delay: 1ms',
        '- send: x',
        '- wait: x',
        '- delay: 1ms',
      ];
      const passes = await runSuite([...lines, '- send: .']);
      expect([passes.status, runRecord(passes, 's7x-test/runs/0000-a').outcome.kind]).toEqual([
        0,
        'power-off',
      ]);
      expect((await runSuite(lines)).status).toBe(0);
      const again = await s7x(['replay', 's7x-test/runs/0000-a', '--profile'], {
        folder: passes.folder,
      });
      expect(again.status).toBe(0);
      // What comes no more is known at once.
      const hangs = await runSuite([...lines, '- wait: y']);
      expect(runRecord(hangs, 's7x-test/runs/0000-a').outcome.kind).toBe('hang');
    },
  );

  it('a wait begins behind what the one before has matched', async () => {
    const run = await runSuite([...ECHO, 'steps:', '- send: ab.', '- wait: AB', '- wait: B']);
    expect(run.status).toBe(4);
    expect(run.stdout).toContain('switched the machine off before step 3 of 3 (wait B)');
  });

  it('within is guest time since the step before', async () => {
    const steps = (within: string): string[] => [
      ...ECHO,
      'steps:',
      '- send: a',
      '- wait: A',
      '- send: bcd',
      '- wait: BCD',
      `  within: ${within}`,
    ];
    // Three characters come and go, the first goes while the second comes.
    expect((await runSuite(steps('1ms'))).status).toBe(0);
    const run = await runSuite(steps('200us'));
    expect(4 * CHARACTER_NS).toBeGreaterThan(200e3);
    expect(run.status).toBe(4);
    expect(run.stdout).toContain(
      'the time of step 4, 0.2 ms of guest time since the step before, is over; still waiting for step 4 of 4 (wait BCD)',
    );
    const { outcome, stats, expects } = runRecord(run, 's7x-test/runs/0000-a');
    expect([outcome.kind, outcome.code]).toEqual(['limit', 124]);
    expect(stats.cycles - (expects[0]?.cycle ?? 0)).toBeGreaterThanOrEqual(200_000);
    expect(stats.cycles - (expects[0]?.cycle ?? 0)).toBeLessThan(201_000);
    const again = await s7x(['replay', 's7x-test/runs/0000-a'], { folder: run.folder });
    expect(again.status).toBe(0);
  });

  it('what nobody types is a hang, known at once', async () => {
    const run = await runSuite([...ECHO, 'steps:', '- send: a', '- wait: B']);
    expect(run.status).toBe(4);
    expect(run.stdout).toMatch(/nothing can wake it|no device has anything to report/);
    expect(run.stdout).toContain('still waiting for step 2 of 2 (wait B)');
  });

  it('of a core model, typed at a busy machine', async () => {
    const run = await runSuite([
      'image: echo.elf',
      'cpu: zen1',
      'uart: instant',
      'steps:',
      '- send: xy',
      '- wait: X',
      '- send: .',
    ]);
    expect([run.stdout.slice(0, 4), run.status]).toEqual(['PASS', 0]);
    const again = await s7x(['replay', 's7x-test/runs/0000-a'], { folder: run.folder });
    expect(again.status).toBe(0);
  });
});

describe('what a case has to keep to', () => {
  it('never: a pattern or a set', async () => {
    const run = await runSuite([...BYE, 'never: [four, /^tw/m]']);
    expect([run.status, run.stdout.includes('--fail /^tw/m matched in line 2')]).toEqual([4, true]);
  });

  it('expect-exit, which comes after the last step', async () => {
    const image = guestOf(
      'call com1_init\nmov al, "y"\ncall put\nmov dx, 0xF4\nmov eax, 3\nout dx, eax\ncli\nhlt',
    );
    const lines = (value: number): string[] => [
      `image: ${image}`,
      'steps: [{ wait: y }]',
      `expect-exit: ${value}`,
    ];
    expect((await runSuite(lines(3))).status).toBe(0);
    const run = await runSuite(lines(4));
    expect([run.status, run.stdout.includes('--expect-exit wants 4')]).toEqual([4, true]);
  });

  // `--cpu unit`: a cycle for each instruction, counted by hand: 2 of `outer`, 1 + 20 + 1 of `inner`.
  const CALLS =
    'call outer\njmp power_off\nouter:\ncall inner\nret\ninner:\nmov ecx, 10\n.again:\ndec ecx\njnz .again\nret';
  const budgets = (budget: string): string[] => [
    `image: ${guestOf(CALLS)}`,
    'cpu: unit',
    `budget: { ${budget} }`,
  ];

  it.each([
    ["'sym:outer': 24", 0, ''],
    ["'sym:outer': 23cyc", 4, 'budget sym:outer: 24 cycles, more than 23'],
    ["'sym:inner': 22, 'sym:outer': 1.2Mcyc", 0, ''],
    ["'sym:nowhere': 1M", 4, 'budget sym:nowhere: no function of this name has run'],
    [
      "'sym:nowhere': 1M, 'sym:outer': 23",
      4,
      'budget sym:nowhere: no function of this name has run; budget sym:outer: 24 cycles, more than 23',
    ],
    ['cycles: 10', 4, 'cycles, more than 10\n'],
    ['cycles: 10M, resident: 64M', 0, ''],
    ['resident: 4K', 4, 'more than 4 KiB'],
  ])('budget: { %s } has status %i', async (budget, status, sentence) => {
    const run = await runSuite(budgets(budget));
    expect([run.status, run.stdout.includes(sentence)]).toEqual([status, true]);
  });

  it('record: an expression, or a group of a step, whose line is read to its end', async () => {
    const lines = [...BYE, "steps: [{ wait: '/t(?<rest>h\\w+)/' }, { wait: ee }]"];
    const run = await runSuite([...lines, "record: { tail: rest, second: '/^tw(.)/' }"]);
    expect(resultOf(run).cases[0]?.records).toEqual({ tail: 'hree', second: 'o' });
  });

  it('golden: the bytes of COM1, written by --update', async () => {
    const folder = withFiles({
      's/a.boot.yaml': [
        `image: ../bye.elf`,
        'cpu: unit',
        'golden: logs/{ram}.log',
        'matrix: { ram: [8M, 16M] }',
        '',
      ].join('\n'),
    });
    const test = (...words: string[]): Promise<Finished> =>
      s7x(['test', '-j', '1', ...words], { folder });
    const missing = await test();
    expect(missing.status).toBe(4);
    expect(missing.stdout).toContain(
      'golden s/logs/8-MiB.log cannot be read: no such file or directory; --update writes it',
    );
    const written = await test('--update');
    expect([written.status, written.stdout.includes('written: s/logs/16-MiB.log\n')]).toEqual([
      0,
      true,
    ]);
    const log = join(folder, 's/logs/8-MiB.log');
    expect(readFileSync(log, 'utf8')).toBe('one\ntwo\nthree\n');
    expect((await test()).status).toBe(0);
    writeFileSync(log, 'one\ntwO\nthree\n');
    const other = await test();
    expect(other.status).toBe(4);
    expect(other.stdout).toContain(
      'COM1 is not s/logs/8-MiB.log from byte 6 on (line 2): "two\\n", not "twO\\n"',
    );
    writeFileSync(log, 'one\ntwo\nthree\nfour\n');
    expect((await test()).stdout).toContain('from byte 14 on (line 4): the end, not "four\\n"');
  });

  it('--update writes no log of a case that fails, and none over what the case needs', async () => {
    const failing = await runSuite(
      [...BYE, 'golden: log', 'steps: [{ wait: four }]'],
      ['--update'],
    );
    expect([failing.status, existsSync(join(failing.folder, 'log'))]).toEqual([4, false]);
    const over = await runSuite([...BYE, 'golden: ./bye.elf'], ['--update']);
    expect([over.status, over.stderr]).toEqual([
      2,
      's7x: a.boot.yaml: golden bye.elf is a file that the case needs\n',
    ]);
  });
});

describe('what is reported', () => {
  const TWO = [...BYE, 'matrix: { ram: [8M, 16M] }', 'record: { last: /^t.*/ }'];

  it('a failing case says why, with its last lines and its folder', async () => {
    const run = await runSuite(['name: says', ...BYE, 'steps: [{ wait: four }]']);
    expect(run.status).toBe(4);
    expect(run.stdout).toMatch(
      /\nFAIL says \(a\.boot\.yaml\)\n {2}.* before step 1 of 1 \(wait four\)\n {2}last lines of COM1:\n {4}one\n {4}two\n {4}three\n {2}s7x-test\/runs\/0000-says: /,
    );
    expect(run.stdout).toMatch(/\n1 case of 1 suite: 0 pass, 1 fail\n$/);
  });

  it('a case that could not begin names no run.json, and no replay', async () => {
    const run = await runSuite([...BYE, 'name: bye', 'append: ü']); // a command line is ASCII
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(/^ERROR bye \(a\.boot\.yaml\)\n {2}.*is not ASCII\n/m);
    expect(run.stdout).not.toMatch(/run\.json|s7x replay/);
  });

  it('--json, --tap and --junit', async () => {
    const json = await runSuite(TWO, ['--json', '--junit', 'junit.xml']);
    const document = JSON.parse(json.stdout) as TestResult;
    expect(document.cases.map(({ key, result }) => [key, result])).toEqual([
      [{ suite: 'a', ram: '8 MiB' }, 'PASS'],
      [{ suite: 'a', ram: '16 MiB' }, 'PASS'],
    ]);
    expect(document).toEqual(resultOf(json));
    expect(json.stderr).toContain('s7x: PASS  a: ram 8 MiB');
    const xml = readFileSync(join(json.folder, 'junit.xml'), 'utf8');
    expect(xml).toMatch(/<testsuite name="a" tests="2" failures="0" errors="0"/);
    expect(xml).toMatch(/<testcase classname="a" name="a: ram 8 MiB"[^]*name="last" value="three"/);
    const tap = await runSuite(
      [...TWO, 'name: "#1 \\\\"', 'never: [three]'],
      ['--tap', '-t', '8 MiB'],
    );
    expect(tap.stdout).toBe(
      'TAP version 14\n1..1\nnot ok 1 - \\#1 \\\\: ram 8 MiB\n  ---\n' +
        '  message: "--fail three matched in line 3"\n  severity: fail\n  details:\n    - "exit status 4"\n  ...\n',
    );
    expect(tap.status).toBe(4);
  });

  it('no document is written over a suite, and only one to stdout', async () => {
    const over = await runSuite(BYE, ['--json', 'a.boot.yaml']);
    expect([over.status, over.stderr]).toEqual([
      2,
      's7x: --json a.boot.yaml: this would write over a suite; suites are named before the options\n',
    ]);
    expect((await runSuite(BYE, ['--json', '--tap'])).status).toBe(2);
  });

  it('--bail stops at the first failure', async () => {
    const run = await runSuite([...TWO, 'never: [two]'], ['--bail', '-j', '1']);
    expect([run.status, resultOf(run).cases.length]).toEqual([4, 1]);
    expect(run.stdout).toContain('1 case of 1 suite: 0 pass, 1 fail; not run: 1 of 2\n');
    const two = await runSuite([...TWO, 'never: [two]'], ['--bail=2', '-j', '1']);
    expect([two.status, resultOf(two).cases.length]).toEqual([4, 2]);
  });

  it('SIGINT ends what runs, and keeps what has ended', async () => {
    const lines = [`image: ${guest('stores-forever')}`, 'cpu: unit', 'timeout: 10m'];
    const folder = withFiles({
      'a.boot.yaml': `${BYE.join('\n')}\n`,
      'b.boot.yaml': `${lines.join('\n')}\n`,
    });
    const run = await s7x(['test', '-j', '1', '--tap=t.tap'], {
      folder,
      onOutput: (text, kill) => {
        if (text.includes('PASS')) setTimeout(() => kill('SIGINT'), 500);
      },
    });
    expect([run.signal, run.status]).toEqual(['SIGINT', null]);
    expect(run.stdout).toContain('1 case of 1 suite: 1 pass, 0 fail; not run: 1 of 2\n');
    expect(readFileSync(join(folder, 't.tap'), 'utf8')).toBe('TAP version 14\n1..1\nok 1 - a\n');
  });
});
