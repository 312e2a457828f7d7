/** `s7x replay --verify`: a recorded run again, of which nothing is kept but whether it is the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryMap } from '../memory/memory-map.js';
import type { Artefacts } from './artefacts.js';
import type { LoadedImage } from './boot-files.js';
import { EXIT_DIVERGED, EXIT_SUCCESS } from './exit-status.js';
import { readHostFile } from './host-file.js';
import { formatCount } from './quantities.js';
import { differences, endedByHost } from './recorded-run.js';
import type { RunFolder } from './report/run-folder.js';
import { MachineRun } from './run-machine.js';
import type { RunOptions } from './run-options.js';
import type { SerialInput } from './serial-input.js';
import { sha256 } from './sha256.js';
import { interruptSignal, raiseAgain, watchSignals } from './signals.js';
import type { Snapshot } from './snapshot-file.js';
import { SERIAL_FILE } from './sweep-folder.js';

export interface RunToVerify {
  readonly options: RunOptions;
  readonly loaded: LoadedImage;
  readonly map: MemoryMap;
  readonly artefacts: Artefacts;
  readonly input: SerialInput | null;
  readonly snapshot: Snapshot | null;
}

export interface Verdict {
  readonly status: number;
  readonly sentence: string;
}

export async function verifyRun(then: RunFolder, run: RunToVerify): Promise<Verdict> {
  const serial = { bytes: Buffer.alloc(4096), length: 0 };
  const { options, loaded, map, artefacts, input, snapshot } = run;
  watchSignals();
  const machineRun = new MachineRun(options, loaded, map, {
    artefacts,
    input,
    snapshot,
    output: {
      serial: (port, byte) => {
        if (port !== 0) return;
        if (serial.length === serial.bytes.length) {
          serial.bytes = Buffer.concat([serial.bytes, Buffer.alloc(serial.length)]);
        }
        serial.bytes[serial.length++] = byte;
      },
      debug: () => undefined,
      event: () => undefined,
      matched: () => undefined,
      flush: () => undefined,
    },
    interrupted: interruptSignal,
    nowMs: () => performance.now(),
  });
  const now = await machineRun.run();
  if (now.outcome.kind === 'interrupted') raiseAgain();
  const { outcome, stats, hash } = now;
  if (endedByHost(now))
    return { status: outcome.code, sentence: `not verified: ${outcome.detail}` };
  const shown = serial.bytes.subarray(0, serial.length);
  const different = [...differences(now, then.record), ...otherBytes(then.path, shown)];
  if (different.length > 0) {
    const sentence = `${then.path}: not the run that was recorded: ${different.join('; ')}`;
    return { status: EXIT_DIVERGED, sentence };
  }
  const counts = [
    `${formatCount(stats.instructions)} instructions`,
    `${formatCount(stats.cycles)} cycles`,
    `${formatCount(serial.length)} bytes of COM1`,
    `state hash ${hash}`,
  ];
  return {
    status: EXIT_SUCCESS,
    sentence: `${then.path}: the run that was recorded: ${counts.join(', ')}`,
  };
}

/** run.json does not have what COM1 showed: serial.log beside it has, unless somebody took it away. */
function otherBytes(folder: string, shown: Uint8Array): string[] {
  const path = join(folder, SERIAL_FILE);
  if (!existsSync(path)) return [];
  const recorded = readHostFile(path);
  if (sha256(recorded) === sha256(shown)) return [];
  const least = Math.min(recorded.length, shown.length);
  const first = shown.subarray(0, least).findIndex((byte, place) => byte !== recorded[place]);
  const lengths = `${shown.length} bytes of COM1, then ${recorded.length}`;
  return [`${lengths}, other ones from byte ${first < 0 ? least : first}`];
}
