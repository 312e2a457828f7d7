/** The library as a test of somebody's kernel uses it. The guest echo.asm changes the case of what it gets; a full stop ends it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boot, ConfigurationError, HostError, WaitError } from '../../emulator/library/library.js';
import '../../emulator/library/vitest.js';
import { emptyFolder, runRecord, s7x } from '../cli/s7x.js';
import { guest, guestOf } from '../guests/guest.js';

const ECHO = guest('echo');
const SMALL = { ram: '8M', cpu: 'unit' } as const;
/** 8N1 at 115200 baud: 10 bits, each 16 ticks of 1.8432 MHz [PC16550D "Programmable Baud Generator"]. */
const CHARACTER_NS = (160 / 1_843_200) * 1e9;

describe('boot', () => {
  it('runs the kernel that the package carries, as s7x run does', async () => {
    using machine = await boot(undefined, SMALL);
    const { groups, line } = await machine.serial.waitFor(
      /(?<passed>\d+)\/(?<all>\d+) tests passed/,
    );
    expect(groups['passed']).toBe(groups['all']);
    expect(machine.serial.text.split('\n')[line - 1]).toMatch(/tests passed/);
    expect(machine.ended).toBeNull();
    expect((await machine.run()).kind).toBe('power-off');
    // A cable is plugged in there, too: the modem status register says so.
    const empty = join(emptyFolder(), 'empty');
    writeFileSync(empty, '');
    const run = await s7x(['run', '-m', '8M', '--cpu', 'unit', '--input', empty], { input: null });
    const { stats, hash } = runRecord(run);
    expect([machine.cycles, machine.instructions, machine.stateHash]).toEqual([
      stats.cycles,
      stats.instructions,
      hash,
    ]);
    expect(Buffer.from(machine.serial.bytes).toString()).toBe(run.stdout);
    expect(machine.record.outcome.code).toBe(run.status);
  });

  it('types what the guest then answers, at the same cycle each time', async () => {
    const cycles = [];
    for (let run = 0; run < 2; run++) {
      using machine = await boot(ECHO, SMALL);
      machine.serial.send('abc');
      const { cycle } = await machine.serial.waitFor('ABC');
      cycles.push(cycle);
      machine.serial.send('Q.');
      await machine.serial.waitFor(/q/);
      expect((await machine.run()).kind).toBe('power-off');
    }
    expect(cycles[0]).toBe(cycles[1]);
  });

  it('stands still at the match, and looks behind it next', async () => {
    using machine = await boot(ECHO, SMALL);
    machine.serial.send('one two one');
    const first = await machine.serial.waitFor('ONE');
    expect(machine.serial.text).toBe('ONE');
    const second = await machine.serial.waitFor('ONE');
    expect(machine.serial.text).toBe('ONE TWO ONE');
    const between = ((second.cycle - first.cycle) / machine.cycles) * machine.ns;
    expect(between).toBeGreaterThan(7 * CHARACTER_NS);
  });

  it('runs for a time, and no instruction more than that takes', async () => {
    using machine = await boot(guest('ticks-forever'), SMALL);
    await machine.runFor('5ms');
    expect(machine.ns).toBeGreaterThanOrEqual(5_000_000);
    expect(machine.ns).toBeLessThan(5_010_000);
    expect(machine.ended).toBeNull();
  });

  it('tells the cycles of a function, as s7x run --profile does', async () => {
    using machine = await boot(undefined, { ram: '8M', profile: true, append: 'quiet' });
    await machine.run();
    const words = ['run', '-m', '8M', '--profile', '--append', 'quiet', '-o', 'out'];
    const run = await s7x(words, { input: null });
    const report = await s7x(['report', 'out', '--json'], { input: null, folder: run.folder });
    const functions = (
      JSON.parse(report.stdout) as { functions: { name: string; totalCycles: number }[] }
    ).functions;
    const wanted = functions.find(({ name }) => name === 'kheap_init')?.totalCycles;
    expect(machine.cyclesIn('kheap_init')).toBe(wanted);
    expect(() => machine.cyclesIn('nobody')).toThrow('no function of this name has run');
  });

  it('shows memory, screen and addresses', async () => {
    using machine = await boot(guestOf('mov dword [0x200000], 0x12345678\ncall power_off'), SMALL);
    await machine.run();
    expect([...machine.read(0x20_0000n, 4)]).toEqual([0x78, 0x56, 0x34, 0x12]);
    expect([...machine.read(0x20_0002, 2)]).toEqual([0x34, 0x12]);
    expect(machine.addressOf('entry')).toBe(0x10_0000n);
    expect(() => machine.addressOf('nobody')).toThrow(/has no function nobody$/);
  });
});

describe('a wait that comes to nothing', () => {
  const failure = async (wait: Promise<unknown>): Promise<WaitError> => {
    const error = await wait.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof WaitError) return error;
    throw new Error(`no WaitError: ${String(error)}`);
  };

  it('says that the guest has ended, and what COM1 showed', async () => {
    using machine = await boot(guest('power-off'), SMALL);
    const { reason, message } = await failure(machine.serial.waitFor('never'));
    expect(reason).toBe('ended');
    expect(message).toBe(
      'never has not come: the guest switched the machine off\nlast lines of COM1:\n  one\n  two\n  three',
    );
  });

  it('says that its time is over; the machine can go on', async () => {
    using machine = await boot(guest('ticks-forever'), SMALL);
    const { reason, message } = await failure(machine.serial.waitFor('never', { within: '2ms' }));
    expect([reason, message.split('\n')[0]]).toEqual([
      'timeout',
      'never has not come within 2 ms of guest time',
    ]);
    const { ns } = machine;
    await machine.runFor('1ms');
    expect(machine.ns - ns).toBeGreaterThanOrEqual(1_000_000);
  });

  it('says that the time of the run is over', async () => {
    using machine = await boot(guest('ticks-forever'), { ...SMALL, timeout: '3ms' });
    const { reason } = await failure(machine.serial.waitFor('never'));
    expect([reason, machine.ended?.kind]).toEqual(['timeout', 'limit']);
  });

  it('says that the guest waits for what nobody types', async () => {
    using machine = await boot(ECHO, SMALL);
    const { reason, message } = await failure(machine.serial.waitFor('never'));
    expect(reason).toBe('input');
    expect(message).toContain('(wait_for_more');
    machine.serial.send('x');
    await machine.serial.waitFor('X');
  });
});

describe('what cannot be', () => {
  it.each<[string, () => Promise<unknown>, string, unknown]>([
    [
      'an option',
      () => boot(ECHO, { memap: 'pc' } as object),
      "did you mean 'memmap'?",
      ConfigurationError,
    ],
    [
      'an option of the command alone',
      () => boot(ECHO, { until: ['1ms'] } as object),
      'no option until',
      ConfigurationError,
    ],
    ['a type', () => boot(ECHO, { append: 8 } as object), 'append', ConfigurationError],
    ['a size', () => boot(ECHO, { ram: '8 apples' }), '--ram 8 apples', ConfigurationError],
    [
      'a number for a size',
      () => boot(ECHO, { ram: 8 } as object),
      "ram: it is a text, such as '8M'",
      ConfigurationError,
    ],
    [
      'null for a size',
      () => boot(ECHO, { ram: null } as object),
      'ram: it is a text',
      ConfigurationError,
    ],
    [
      'a word for a flag',
      () => boot(ECHO, { profile: 'yes' } as object),
      'profile: it is true or false',
      ConfigurationError,
    ],
    [
      'options in the place of the image',
      () => boot({ ram: '8M' } as unknown as string),
      'the image is a path',
      ConfigurationError,
    ],
    ['a file', () => boot('nowhere.elf'), 'nowhere.elf', HostError],
    ['a map', () => boot(ECHO, { memmap: 'zoo:nobody' }), 'nobody', ConfigurationError],
  ])('%s is refused', async (_, wrong, named, kind) => {
    const error: unknown = await wrong().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(named);
  });

  it('what a machine is asked is of the documented types', async () => {
    using machine = await boot(ECHO, SMALL);
    const { serial } = machine;
    const anything = (value: unknown): never => value as never;
    await expect(serial.waitFor(anything(undefined))).rejects.toThrow(/^waitFor: it is a text or/);
    await expect(serial.waitFor(anything(5))).rejects.toThrow(/^waitFor: it is a text or/);
    await expect(serial.waitFor('A', { within: anything(5) })).rejects.toThrow(
      "within: it is a text, such as '120ms'",
    );
    await expect(machine.runFor(anything(5))).rejects.toThrow(
      "runFor: it is a text, such as '120ms'",
    );
    expect(() => serial.send(anything(5))).toThrow('send: it is a text or bytes');
    expect(() => machine.read(anything('0x100'), 4)).toThrow('read(0x100, 4): it is an address');
    expect(() => machine.read(-1n, 4)).toThrow(ConfigurationError);
    expect(() => machine.read(0.5, 4)).toThrow(ConfigurationError);
    expect(() => machine.read(0n, -1)).toThrow(ConfigurationError);
    expect(() => machine.read((1n << 52n) - 3n, 4)).toThrow(ConfigurationError);
    expect(() => expect(machine).toHaveTouchedLessThan(anything(4))).toThrow(
      'the size: it is a text',
    );
    expect(() => expect(machine).toHaveShown(anything(4))).toThrow('toHaveShown: it is a text or');
    const wait = serial.waitFor(/A/); // nothing of that is a wait under way
    serial.send(Uint8Array.of(0x61));
    await expect(wait).resolves.toMatchObject({ text: 'A' });
  });

  it('two at a time, after the disposal, before the end', async () => {
    const machine = await boot(ECHO, SMALL);
    const wait = machine.serial.waitFor('A');
    await expect(machine.run()).rejects.toThrow('being run already');
    await expect(machine.serial.waitFor('B')).rejects.toThrow('another wait');
    machine.serial.send('a');
    await wait;
    expect(() => machine.record).toThrow('has not ended');
    expect(() => machine.cyclesIn('entry')).toThrow('profile: true');
    machine.dispose();
    await expect(machine.run()).rejects.toThrow('disposed of');
  });
});

describe("vitest's matchers", () => {
  it('say what is, and what was wanted', async () => {
    using machine = await boot(guest('power-off'), SMALL);
    expect(machine).not.toHaveEnded('power-off');
    await machine.run();
    expect(machine).toHaveEnded('power-off');
    expect(machine).toHaveShown('two');
    expect(machine).toHaveShown(/^three$/m);
    expect(machine).not.toHaveShown('four');
    const everywhere = /two/g;
    for (let times = 0; times < 2; times++) expect(machine).toHaveShown(everywhere);
    expect(machine).toHaveTouchedLessThan('1M');
    expect(() => expect(machine).toHaveEnded('hang')).toThrow(
      'the run ended by power-off: the guest switched the machine off; it was to be hang',
    );
    expect(() => expect(machine).toHaveTouchedLessThan('4K')).toThrow(/less than 4 KiB$/);
    expect(() => expect({}).toHaveEnded('hang')).toThrow('of machines');
  });

  it('say what was read before it was written, and by whom', async () => {
    using dirty = await boot(guestOf('reader: mov eax, [0x400000]\njmp power_off'), {
      ...SMALL,
      check: ['uninit'],
    });
    expect(dirty).not.toHaveReadUninitialised();
    await dirty.run();
    expect(dirty).toHaveReadUninitialised();
    expect(() => expect(dirty).not.toHaveReadUninitialised()).toThrow(
      /read of 4 bytes at 0x400000, which nobody has written since power-on, by 0x[0-9a-f]+ \(reader\)/,
    );
    expect(dirty.findings).toMatchObject([{ check: 'uninit', function: 'reader', count: 1 }]);
    using plain = await boot(guest('power-off'), SMALL);
    expect(() => expect(plain).toHaveReadUninitialised()).toThrow("check: ['uninit']");
  });
});
