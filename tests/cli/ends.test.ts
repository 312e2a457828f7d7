/** How runs end: every exit status of docs/cli.md, by the guests of tests/guests. */
import { describe, expect, it } from 'vitest';
import { guest, guestOf } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

/** What a port access takes, at 1 GHz. */
const MICROSECOND_CYCLES = 1000;

/** Writes a value to the debug-exit port. */
const exitsWith = (value: string): string =>
  guestOf(`mov dx, 0xF4\nmov eax, ${value}\nout dx, eax\ncli\nhlt`);

type Row = readonly [
  what: string,
  image: () => string,
  words: readonly string[],
  status: number,
  kind: string,
  detail: RegExp,
];

async function check([, image, words, status, kind, detail]: Row): Promise<void> {
  const run = await s7x(['run', image(), ...words], { input: null });
  const { outcome } = runRecord(run);
  expect([run.status, outcome.kind, outcome.code]).toEqual([status, kind, status]);
  expect(outcome.detail).toMatch(detail);
  const verdict = status === 0 ? 'PASS' : 'FAIL';
  expect(run.stderr).toContain(verdict);
}

describe('the guest ends the run', () => {
  it.each<Row>([
    ['power-off', () => guest('power-off'), [], 0, 'power-off', /switched the machine off/],
    ['debug exit 0', () => exitsWith('0'), [], 1, 'debug-exit', /wrote 0 to port 0xf4/],
    ['debug exit 0x10', () => exitsWith('0x10'), [], 33, 'debug-exit', /wrote 16 to port 0xf4/],
    ['debug exit 0x7f', () => exitsWith('0x7F'), [], 255, 'debug-exit', /wrote 127/],
    [
      'debug exit 0x80, of which 8 bits remain',
      () => exitsWith('0x80'),
      [],
      1,
      'debug-exit',
      /128/,
    ],
    [
      'the expected debug exit',
      () => exitsWith('0x10'),
      ['--expect-exit', '0x10'],
      0,
      'debug-exit',
      /wrote 16/,
    ],
    [
      'a debug exit of 32 bits that is expected',
      () => exitsWith('0xCAFEF00D'),
      ['--expect-exit', '0xcafef00d'],
      0,
      'debug-exit',
      /wrote 3405705229/,
    ],
    [
      'another debug exit than expected',
      () => exitsWith('0x11'),
      ['--expect-exit', '0x10'],
      4,
      'debug-exit',
      /wrote 17.*--expect-exit wants 16/,
    ],
    [
      'power-off where a debug exit is expected',
      () => guest('power-off'),
      ['--expect-exit', '0'],
      4,
      'power-off',
      /switched the machine off; --expect-exit wants 0/,
    ],
  ])('%s', async (...row) => check(row));
});

describe('expectations end the run', () => {
  const printsAndExits = (value: string): string =>
    guestOf(`call com1_init\nmov al, 'A'\ncall put\nmov dx, 0xF4\nmov eax, ${value}\nout dx, eax`);
  const MET = ['--expect', 'A', '--expect-exit', '0x10'];
  it.each<Row>([
    ['not where an exit is expected', () => printsAndExits('0x10'), MET, 0, 'debug-exit', /16/],
    ['nor where another exit comes', () => printsAndExits('0x11'), MET, 4, 'debug-exit', /17.*16/],
    [
      'all met',
      () => guest('prints-forever'),
      ['--expect', 'on and', '--expect', '/^and/m'],
      0,
      'expectations-met',
      /expect 2\/2/,
    ],
    [
      'a prompt without a new line',
      () => guest('prompt'),
      ['--expect', 'login: '],
      0,
      'expectations-met',
      /expect 1\/1/,
    ],
    [
      'one not met when the guest ends',
      () => guest('power-off'),
      ['--expect', 'one', '--expect', 'four'],
      4,
      'power-off',
      /before --expect four \(1\/2\)/,
    ],
    [
      'the wrong order',
      () => guest('power-off'),
      ['--expect', 'two', '--expect', 'one'],
      4,
      'power-off',
      /before --expect one/,
    ],
    [
      'a failure text',
      () => guest('power-off'),
      ['--fail', '/t[w]o/'],
      4,
      'expectation-failed',
      /--fail \/t\[w\]o\/ matched in line 2/,
    ],
    [
      'a failure text behind an expectation, with --keep-going',
      () => guest('power-off'),
      ['--expect', 'one', '--fail', 'three', '--keep-going'],
      4,
      'expectation-failed',
      /three/,
    ],
    [
      "met early, with --keep-going, up to the guest's own end",
      () => guest('power-off'),
      ['--expect', 'one', '--keep-going'],
      0,
      'power-off',
      /switched the machine off/,
    ],
  ])('%s', async (...row) => check(row));

  it('a run with --expect that goes on for ever has 10 s of guest time', async () => {
    const run = await s7x(['run', guest('ticks-forever'), '--expect', 'never']);
    const { stats, outcome } = runRecord(run);
    expect([run.status, outcome.kind, stats.ns]).toEqual([124, 'limit', 10_000_000_000]);
    expect(outcome.detail).toMatch(/10000 ms of guest time.*still waiting for --expect never/);
  });
});

describe('crashes and hangs', () => {
  it.each<Row>([
    ['a triple fault', () => guest('triple-fault'), [], 6, 'shutdown', /#UD.*shutdown.*faulting/],
    [
      'HLT with interrupts off',
      () => guestOf('cli\nhlt'),
      [],
      8,
      'hang',
      /interrupts off at 0x100/,
    ],
    ['a jump to itself', () => guestOf('jmp $'), [], 8, 'hang', /spinning.*interrupts off/],
    ['a loop, all masked', () => guest('waits-masked'), [], 8, 'hang', /masked at .*waiting/],
    ['HLT, all masked', () => guest('halts-masked'), [], 8, 'hang', /masked at .*waiting/],
    [
      'polling a receiver',
      () => guest('polls-receiver'),
      [],
      8,
      'hang',
      /polling port 0x3fd.*poll/,
    ],
    [
      'a hang while waiting for text',
      () => guest('prompt'),
      ['--expect', 'welcome'],
      8,
      'hang',
      /polling port 0x3fd.*still waiting for --expect welcome/,
    ],
    [
      'resets through the keyboard controller',
      () => guestOf('mov al, 0xFE\nout 0x64, al\njmp $'),
      [],
      8,
      'hang',
      /resets itself \(keyboard controller\) for ever/,
    ],
    [
      'resets through port 0xcf9',
      () => guestOf('mov dx, 0xCF9\nmov al, 6\nout dx, al\njmp $'),
      [],
      8,
      'hang',
      /resets itself \(reset control register 0xcf9\) for ever/,
    ],
    [
      'resets that it counts in CMOS RAM, up to the fourth start',
      () =>
        guestOf(`mov al, 0x50
          out 0x70, al
          in al, 0x71
          inc eax
          out 0x71, al
          cmp al, 4
          je counted
          mov al, 0xFE
          out 0x64, al
          jmp $
        counted:
          mov dx, 0xF4
          mov eax, 16
          out dx, eax
          jmp $`),
      [],
      33,
      'debug-exit',
      /wrote 16/,
    ],
    [
      'triple faults that reset',
      () => guest('triple-fault'),
      ['--on-triple-fault', 'reset'],
      8,
      'hang',
      /resets itself \(triple fault\) for ever/,
    ],
    [
      'an instruction that is not there',
      () => guest('galois'),
      [],
      10,
      'unimplemented',
      /gf2p8mulb.*\(bytes 66 0f 38 cf c1\) at 0x1000[0-9a-f]{2} \(galois_code\) in protected mode/i,
    ],
    [
      'touching all of 1 TiB',
      () => guest('touches-all'),
      ['-m', '1T', '--resident-max', '64M'],
      10,
      'resident-limit',
      /touched 6[34] MiB.*--resident-max.*\(touch/,
    ],
  ])('%s', async (...row) => check(row));

  it('a reset that the guest survives is counted, and RAM outside the image stays', async () => {
    const run = await s7x(['run', guest('resets-once'), '--on-triple-fault', 'reset']);
    expect([run.status, run.stdout]).toEqual([0, 'first\nsecond\n']);
    expect(runRecord(run).stats.resets).toBe(1);
  });

  it('filling 1 TiB with REP STOSQ is no crash: a uniform range takes no room', async () => {
    const run = await s7x(['run', guest('fills-terabyte'), '-m', '1100G', '--resident-max', '64M']);
    expect([run.status, run.stdout]).toEqual([0, '5a5a5a5a\n00000000\na5a5a5a5\n']);
    expect(runRecord(run).stats.residentBytes).toBeLessThan(16 << 20);
  });
});

describe('where the guest was', () => {
  const words = ['--cpu', 'unit', '--uart', 'instant'];
  // EBX and the label stand in the report; nothing that comes after the reset does.
  const marked = (code: string): string =>
    guestOf(`call com1_init\nmov ebx, 0x5EA1ED\nmarked:\n${code}`);

  it.each<[string, string, readonly string[], number]>([
    ['a time limit', 'add eax, 1\njmp marked', ['--timeout', '1ms'], 124],
    ['a limit of instructions', 'add eax, 1\njmp marked', ['--max-insns', '50000'], 124],
    ['a limit of host time', 'add eax, 1\njmp marked', ['--wall', '50ms'], 124],
    ['a text that must not come', "mov al, '!'\ncall put\njmp marked", ['--fail', '!'], 4],
    ['resets for ever', 'mov al, 0xFE\nout 0x64, al\njmp $', [], 8],
  ])('is reported after %s', async (_, code, more, status) => {
    const run = await s7x(['run', marked(code), ...words, ...more]);
    const report = runRecord(run).outcome.report.join('\n');
    expect(run.status).toBe(status);
    expect(report).toMatch(/rip 0x1[0-9a-f]{5} \((marked|put)/);
    expect(report).toMatch(/rbx 00000000005ea1ed/);
    expect(report).toMatch(/last blocks executed.*(entry|marked|put)/s);
  });

  it('is not after an end that the guest or the user wanted', async () => {
    const wanted = await s7x([
      'run',
      marked("mov al, '!'\ncall put\njmp $"),
      ...words,
      '--expect',
      '!',
    ]);
    expect(runRecord(wanted).outcome).toMatchObject({ kind: 'expectations-met', report: [] });
    const off = await s7x(['run', marked('jmp power_off'), ...words]);
    expect(runRecord(off).outcome).toMatchObject({ kind: 'power-off', report: [] });
  });
});

describe('last words', () => {
  const say = 'call com1_init\nmov esi, last_words\ncall puts\n';
  const words = '\nlast_words: db "and so it goes on and on until: the end", 0\n';

  it.each<[string, string, readonly string[], number, string]>([
    ['HLT', 'cli\nhlt', [], 8, 'hang'],
    ['a jump to itself', 'jmp $', [], 8, 'hang'],
    ['a debug exit', 'mov al, 3\nout 0xF4, al', [], 7, 'debug-exit'],
    ['power-off', 'mov dx, 0x604\nmov ax, 0x2000\nout dx, ax', [], 0, 'power-off'],
    ['a triple fault', 'lidt [none]\nud2\nnone: dw 0\ndd 0', [], 6, 'shutdown'],
    ['HLT, when they were waited for', 'cli\nhlt', ['--expect', 'the end'], 0, 'expectations-met'],
    [
      'power-off, when they must not be',
      'mov dx, 0x604\nmov ax, 0x2000\nout dx, ax',
      ['--fail', 'the end'],
      4,
      'expectation-failed',
    ],
  ])('are heard before %s', async (_, end, options, status, kind) => {
    const run = await s7x(['run', guestOf(say + end + words), ...options]);
    expect([run.status, runRecord(run).outcome.kind]).toEqual([status, kind]);
    expect(run.stdout).toBe('and so it goes on and on until: the end');
  });

  it('take their time: 10 bits a character at 115200 baud', async () => {
    const run = await s7x(['run', guestOf(`${say}cli\nhlt${words}`)]);
    const lineNs = ((39 * 10) / 115_200) * 1e9;
    expect(runRecord(run).stats.ns).toBeGreaterThan(lineNs);
    expect(runRecord(run).stats.ns).toBeLessThan(lineNs + 200_000); // and the firmware
  });

  it('do not outlive a --timeout', async () => {
    const options = ['--cpu', 'unit', '--timeout', '3ms'];
    const run = await s7x(['run', guestOf(`${say}cli\nhlt${words}`), ...options]);
    expect(runRecord(run).stats.cycles).toBeLessThan(3_000_000 + 2 * MICROSECOND_CYCLES);
    expect(run.stdout.length).toBeLessThan(36);
  });
});

describe('limits', () => {
  it('--max-insns is exact', async () => {
    const run = await s7x(['run', guest('stores-forever'), '--max-insns', '1234567']);
    const { stats, outcome } = runRecord(run);
    expect([run.status, outcome.kind, stats.instructions]).toEqual([124, 'limit', 1_234_567]);
  });

  it.each([
    ['--max-cycles', '5M', 5_000_000],
    ['--timeout', '7ms', 7_000_000],
  ])(
    '%s %s is exact to the cycle where no port access is under way',
    async (word, value, cycles) => {
      const run = await s7x(['run', guest('stores-forever'), '--cpu', 'unit', word, value]);
      const { stats, outcome } = runRecord(run);
      expect([run.status, outcome.kind, stats.cycles]).toEqual([124, 'limit', cycles]);
      expect(stats.ns).toBe(cycles); // --cpu unit runs at 1 GHz
    },
  );

  it('--timeout ends a loop of port accesses within one of them', async () => {
    const run = await s7x(['run', guest('prints-forever'), '--cpu', 'unit', '--timeout', '3ms']);
    const { stats } = runRecord(run);
    expect(run.status).toBe(124);
    expect(stats.cycles).toBeGreaterThanOrEqual(3_000_000);
    expect(stats.cycles).toBeLessThan(3_000_000 + 2 * MICROSECOND_CYCLES);
  });

  it('--timeout counts time in HLT', async () => {
    const waits = guest('ticks'); // ten interrupts, 10 ms each
    const run = await s7x(['run', waits, '--cpu', 'unit', '--timeout', '35ms']);
    const { stats } = runRecord(run);
    expect([run.status, stats.cycles]).toEqual([124, 35_000_000]);
    expect(run.stdout.match(/\n/g)).toHaveLength(3);
  });

  it('--freq changes how many cycles a --timeout has', async () => {
    const options = ['--functional', '--timeout', '1ms', '--freq', '3G'];
    const run = await s7x(['run', guest('stores-forever'), ...options]);
    expect(runRecord(run).stats).toMatchObject({ cycles: 3_000_000, ns: 1_000_000 });
  });

  it('--wall ends a run that nothing else ends', async () => {
    const run = await s7x(['run', guest('stores-forever'), '--wall', '300ms']);
    const { outcome, host } = runRecord(run);
    expect([run.status, outcome.kind]).toEqual([124, 'wall-limit']);
    expect(outcome.detail).toMatch(/--wall/);
    expect(host.wallMs).toBeGreaterThanOrEqual(300);
  });
});

describe('signals', () => {
  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    '%s ends the run in order, and the process by the signal',
    async (name) => {
      const run = await s7x(['run', guest('prints-forever')], {
        onOutput: (text, kill) => {
          if (text.length > 100) kill(name);
        },
      });
      expect(run.signal).toBe(name);
      expect(runRecord(run).outcome.kind).toBe('interrupted');
      expect(run.stderr).toContain(`interrupted by ${name}`);
    },
  );
});
