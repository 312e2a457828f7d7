/** Machines inside the test's own process, for tests that look at them or drive them instruction by instruction. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recogniseImage, type BootImage } from '../../emulator/machine/image.js';
import { Machine, type MachineConfig } from '../../emulator/machine/machine.js';
import { NO_LIMITS, type RunEnd } from '../../emulator/machine/run-end.js';
import { RunLoop } from '../../emulator/machine/run-loop.js';
import type { RunTuning } from '../../emulator/machine/run-tuning.js';
import { SILENT_TRACE } from '../../emulator/machine/trace.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { projectRoot } from '../cli/s7x.js';

const MIB = 1n << 20n;

export class TestMachine {
  /** What COM1 has carried. */
  serial = '';
  readonly machine: Machine;

  /** A PC with 16 MiB, unless `config` says something else. */
  constructor(image: Uint8Array, config: Partial<MachineConfig> = {}) {
    this.machine = new Machine({
      core: readFileSync(join(projectRoot, 'dist/emulator/cpu/core.wasm')),
      rom: readFileSync(join(projectRoot, 'dist/firmware/rom.bin')),
      image: recogniseImage(image, 'the test'),
      commandLine: '',
      memoryMap: pcMap(16n * MIB).map,
      timing: createTimingModel('unit'),
      uartMode: 'real',
      fillPattern: 0n,
      residentMaxBytes: 1 << 30,
      trace: SILENT_TRACE,
      output: {
        serial: (port, byte) => {
          if (port === 0) this.serial += String.fromCharCode(byte);
        },
        debug: () => undefined,
      },
      ...config,
    });
  }

  /** Runs to the end of the run, which a triple fault is, or not. */
  run(tuning?: RunTuning, onTripleFault: 'fail' | 'reset' = 'fail'): RunEnd {
    const loop = new RunLoop(this.machine, NO_LIMITS, onTripleFault, tuning);
    for (;;) {
      const end = loop.runSlice();
      if (end !== null) return end;
    }
  }

  /** What two runs that are the same have in common at their end. */
  outcome(end: RunEnd): object {
    const { machine, serial } = this;
    return {
      end: end.kind,
      serial,
      cycles: machine.nowCycles,
      instructions: machine.processor.retired,
      hash: machine.stateHash(),
      counters: machine.time.counters(),
    };
  }
}

/** The bundled kernel. */
export function bundledKernel(): Uint8Array {
  return readFileSync(join(projectRoot, 'dist/kernel/kernel.elf'));
}

/** The first address behind all of the image's memory. */
export function imageEnd({ placements }: BootImage): bigint {
  return placements
    .map(({ address, memoryBytes }) => address + memoryBytes)
    .reduce((last, end) => (end > last ? end : last), 0n);
}
