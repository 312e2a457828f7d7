/**
 * The same image, machine and input give the same bytes, cycles and state: in two processes, in a worker, whatever the
 * run loop does to be fast.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadArtefacts } from '../../emulator/cli/artefacts.js';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import type { MachineConfig } from '../../emulator/machine/machine.js';
import { DEFAULT_TUNING, type RunTuning } from '../../emulator/machine/run-tuning.js';
import { DEFAULT_TRANSLATION } from '../../emulator/translator/translator.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { runRecord, s7x, type Finished } from '../cli/s7x.js';
import { guestImage, guestImageOf } from '../guests/guest.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const withoutHost = (record: RunRecord): string =>
  JSON.stringify({ ...record, host: null }, null, 2);
const file = ({ folder }: Finished, path: string): string =>
  readFileSync(join(folder, path), 'latin1');

describe('the bundled kernel', () => {
  const words = ['-m', '24M', '-d', 'int,exc,boot'];

  it('in two processes: run.json less its host part, serial.log and log.ndjson are equal byte for byte', async () => {
    const [first, second] = [await s7x(['run', ...words]), await s7x(['run', ...words])];
    expect(withoutHost(runRecord(second))).toBe(withoutHost(runRecord(first)));
    for (const name of ['serial.log', 'debugcon.log', 'log.ndjson']) {
      expect(file(second, `.s7x/last/${name}`)).toBe(file(first, `.s7x/last/${name}`));
    }
    expect(second.stdout).toBe(first.stdout);
  });

  it('in a worker of a sweep as in a run', async () => {
    const alone = await s7x(['run', ...words]);
    const sweep = await s7x(['sweep', '--ram', '8M,24M', '-j', '2', '-d', 'int,exc,boot']);
    const runs = join(sweep.folder, 's7x-sweep/runs');
    const row = readdirSync(runs).find((name) => name.startsWith('0001')) ?? '';
    const record = JSON.parse(readFileSync(join(runs, row, 'run.json'), 'utf8')) as RunRecord;
    expect(withoutHost(record)).toBe(withoutHost(runRecord(alone)));
    expect(readFileSync(join(runs, row, 'serial.log'), 'latin1')).toBe(alone.stdout);
  });

  it('depends on what RAM holds at power-on only in what RAM holds', async () => {
    const zero = await s7x(['run', '-m', '8M', '--uart', 'instant']);
    const junk = await s7x(['run', '-m', '8M', '--uart', 'instant', '--fill', 'junk:7']);
    expect(junk.stdout).toBe(zero.stdout);
    expect(runRecord(junk).hash).not.toBe(runRecord(zero).hash);
  });
});

describe('the run loop', () => {
  const TUNINGS: readonly (readonly [string, RunTuning])[] = [
    ['executing every pass of waiting loops', { ...DEFAULT_TUNING, countsPasses: false }],
    ['in runs of 1 instruction', { countsPasses: true, runInstructionsMax: 1 }],
    [
      'in runs of 7 instructions, executing every pass',
      { countsPasses: false, runInstructionsMax: 7 },
    ],
    ['in runs of 1000 instructions', { countsPasses: true, runInstructionsMax: 1000 }],
  ];

  const figures = (image: Uint8Array, tuning: RunTuning, options: Partial<MachineConfig> = {}) => {
    const host = new TestMachine(image, options);
    const end = host.run(tuning);
    const { machine } = host;
    return {
      end: end.kind,
      serial: host.serial,
      cycles: machine.nowCycles,
      instructions: machine.processor.retired,
      hash: machine.stateHash(),
    };
  };

  describe.each(TUNINGS)('%s', (_, tuning) => {
    it.each([
      'power-off',
      'ticks',
      'ticks-busy',
      'modifies-itself',
      'two-ports',
      'floods-transmitter',
      'apic',
      'post-codes',
    ])('changes nothing of %s', (name) => {
      const image = guestImage(name);
      // At 1 GHz ticks-busy waits for 30 million instructions: half a minute and more, one by one.
      const options = name === 'ticks-busy' ? { timing: createTimingModel('unit', 2e8) } : {};
      expect(figures(image, tuning, options)).toEqual(figures(image, DEFAULT_TUNING, options));
    });

    it.each(['ticks', 'two-ports', 'floods-transmitter', 'polls-receiver'])(
      'changes nothing of %s with a timing engine',
      (name) => {
        const image = guestImage(name);
        const options = { timing: createTimingModel('zen1'), timed: loadArtefacts().timed };
        expect(figures(image, tuning, options)).toEqual(figures(image, DEFAULT_TUNING, options));
      },
    );
  });

  /** The chipset's timers start anew at a reset: counter 0 of the 8254 tells when that was. */
  const RESETS = `
    cmp dword [0x300000], 0x600DF00D
    je second
    mov dword [0x300000], 0x600DF00D
    mov ecx, 1234567
count:
    sub ecx, 1
    jnz count
    lidt [none]
    ud2
second:
    mov al, 0x34
    out 0x43, al
    mov al, 0
    out 0x40, al
    out 0x40, al
    call com1_init
    in al, 0x70
    mov ecx, 1000
delay:
    sub ecx, 1
    jnz delay
    mov al, 0
    out 0x43, al
    in al, 0x40
    mov ah, al
    in al, 0x40
    movzx eax, ax
    call put_hex
    jmp power_off
none: dw 0
    dd 0
`;

  it.each(TUNINGS)('%s changes nothing of a guest that a triple fault resets', (_, tuning) => {
    const resets = (how: RunTuning): unknown => {
      const host = new TestMachine(guestImageOf(RESETS));
      const end = host.run(how, 'reset');
      expect(end.kind).toBe('power-off');
      return [host.serial, host.machine.nowCycles, host.machine.stateHash()];
    };
    expect(resets(tuning)).toEqual(resets(DEFAULT_TUNING));
  });

  it.each(TUNINGS.filter(([, { runInstructionsMax }]) => runInstructionsMax > 1))(
    '%s changes nothing of the kernel',
    (_, tuning) => {
      const kernel = bundledKernel();
      const options = { commandLine: 'quiet' };
      expect(figures(kernel, tuning, options)).toEqual(figures(kernel, DEFAULT_TUNING, options));
    },
  );

  it.each<[string, Partial<MachineConfig>]>([
    [
      'heard of by the host, for the trace',
      { trace: { categories: new Set(['boot']), event: () => undefined } },
    ],
    [
      'translated from the first on',
      { translation: { ...DEFAULT_TRANSLATION, thresholdEntries: 1 } },
    ],
    ['translated soon', { translation: { ...DEFAULT_TRANSLATION, thresholdEntries: 50 } }],
    ['interpreted', { translation: null }],
  ])('writes to port 80h take their time when they are %s', (_, options) => {
    const image = guestImage('post-codes');
    expect(figures(image, DEFAULT_TUNING, options)).toEqual(figures(image, DEFAULT_TUNING));
  });

  /** Runs of the core, and accesses to ports and reads of the time. */
  const effort = (name: string, tuning: RunTuning): { runs: number; impureActions: number } => {
    const host = new TestMachine(guestImage(name));
    const { machine } = host;
    const { processor } = machine;
    let runs = 0;
    const run = processor.run.bind(processor);
    processor.run = (budget) => {
      runs++;
      return run(budget);
    };
    host.run(tuning);
    return { runs, impureActions: machine.impureActions };
  };

  it('counts passes where it says so: fewer runs of the core for the same guest', () => {
    const counting = effort('ticks-busy', DEFAULT_TUNING);
    const executing = effort('ticks-busy', { ...DEFAULT_TUNING, countsPasses: false });
    expect(counting.runs).toBeLessThan(executing.runs);
  });

  it('goes on behind accesses to ports: fewer runs of the core than accesses', () => {
    const { runs, impureActions } = effort('floods-transmitter', DEFAULT_TUNING);
    expect(runs).toBeLessThan(impureActions);
  });

  it('goes on behind writes to port 80h that nobody hears of', () => {
    const host = new TestMachine(guestImage('post-codes'));
    let writes = 0;
    const write = host.machine.board.bus.write.bind(host.machine.board.bus);
    host.machine.board.bus.write = (port, widthBytes, value) => {
      if (port === 0x80) writes++;
      write(port, widthBytes, value);
    };
    host.run();
    const count = Number.parseInt(host.serial.trim().split('\n').at(-2) ?? '', 16);
    expect(count).toBeGreaterThan(1000);
    expect(writes).toBeLessThan(count / 2);
  });
});
