/**
 * Whole machines with and without the translator: the same bytes on COM1, cycles, instructions, statistics, blocks entered and
 * state, however early hot code is translated and however the run is cut.
 */
import { describe, expect, it } from 'vitest';
import { DEFAULT_TUNING, type RunTuning } from '../../emulator/machine/run-tuning.js';
import type { TranslatorOptions } from '../../emulator/translator/translator.js';
import { assembleGuest } from '../../scripts/bench/guest.js';
import { guestImage } from '../guests/guest.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const EAGER: TranslatorOptions = { thresholdEntries: 2, regionsMax: 1000, bytesMax: 16 << 20 };
const FEW: TranslatorOptions = { thresholdEntries: 20, regionsMax: 5, bytesMax: 16 << 20 };
const SHORT_RUNS: RunTuning = { countsPasses: false, runInstructionsMax: 97 };

/** Of scripts/bench/guests; what they print after 30 iterations: 30 times the sum of 1 to 100. */
const SYSTEM_CALLS = ['user-interrupt', 'system-call'].map(
  (name) => [name, (30 * 5050).toString(16).padStart(8, '0')] as const,
);

const figures = (
  image: Uint8Array,
  translation: TranslatorOptions | null,
  tuning: RunTuning = DEFAULT_TUNING,
  commandLine = '',
) => {
  const host = new TestMachine(image, { commandLine, translation });
  const end = host.run(tuning);
  const { machine } = host;
  return {
    end: end.kind,
    report: end.report,
    serial: host.serial,
    cycles: machine.nowCycles,
    instructions: machine.processor.retired,
    statistics: machine.processor.stats(),
    hash: machine.stateHash(),
    blocks: machine.processor.lastBlocks(64),
  };
};

describe.each([
  ['translated after two entries', EAGER, DEFAULT_TUNING],
  ['translated after two entries, in runs of 97 instructions', EAGER, SHORT_RUNS],
  ['translated, with room for five regions', FEW, DEFAULT_TUNING],
] as const)('%s', (_, translation, tuning) => {
  it.each([
    ...['power-off', 'ticks', 'ticks-busy', 'modifies-itself', 'two-ports', 'floods-transmitter'],
    ...['vector-registers', 'triple-fault', 'bad-pointer', 'galois', 'time-stamps'],
  ])('%s is what it is when interpreted', (name) => {
    const image = guestImage(name);
    expect(figures(image, translation, tuning)).toEqual(figures(image, null, tuning));
  });

  it.each(SYSTEM_CALLS)('%s comes from ring 3 and goes back there', (name, expected) => {
    const workload = { name, title: name, kind: 'system', checksum: '' } as const;
    const { image } = assembleGuest('.', workload, 30);
    const translated = figures(image, translation, tuning);
    expect(translated).toEqual(figures(image, null, tuning));
    expect(translated.serial.trim()).toBe(expected);
  });

  it('the kernel is what it is when interpreted', () => {
    const kernel = bundledKernel();
    expect(figures(kernel, translation, tuning, 'quiet')).toEqual(
      figures(kernel, null, tuning, 'quiet'),
    );
  });
});

describe('the kernel with its tests', () => {
  it('is the same when it is translated', () => {
    const kernel = bundledKernel();
    expect(figures(kernel, EAGER)).toEqual(figures(kernel, null));
  });
});
