/** What is around a run: where its output goes, what comes in, who watches, and what is to be done at moments. */
import type { Coverage } from '../machine/coverage.js';
import type { MemoryCheck } from '../machine/memory-check.js';
import type { PageLog } from '../machine/page-log.js';
import type { Profiler } from '../machine/profiler.js';
import type { RunTrace } from '../machine/run-trace.js';
import type { Appointment } from './appointments.js';
import type { Artefacts } from './artefacts.js';
import type { GdbServer } from './gdb/server.js';
import type { Moment } from './moment.js';
import type { RunOutput } from './repeated-output.js';
import type { SaveRequest } from './save-requests.js';
import type { SerialInput } from './serial-input.js';
import type { Snapshot } from './snapshot-file.js';

export interface RunHost {
  readonly artefacts: Artefacts;
  readonly output: RunOutput;
  /** Name of the signal that asks for an end, or null. */
  readonly interrupted: () => string | null;
  /** What is typed at COM1; null for nobody. */
  readonly input: SerialInput | null;
  /** While others have too much of the output to take: until that has changed, or for so many milliseconds; else null. */
  readonly backlog?: (milliseconds: number) => Promise<void> | null;
  /** Takes the uses of pages, where they are wanted. */
  readonly pages?: PageLog;
  readonly coverage?: Coverage;
  readonly profiler?: Profiler;
  /** `--check`. */
  readonly check?: MemoryCheck;
  /** `--trace`; the profiler tells it of calls. */
  readonly trace?: RunTrace;
  /** Whoever debugs the guest. */
  readonly debugger?: GdbServer;
  /** Moments that end the run, though they are none of its options; and one at which the machine stands still for the debugger. */
  readonly stopsAt?: readonly Moment[];
  readonly standsAt?: Moment | null;
  /** What the run goes on from, instead of power-on; and the snapshots that are to be taken. */
  readonly snapshot?: Snapshot | null;
  readonly saves?: readonly SaveRequest[];
  /** What somebody else has to do at moments. */
  readonly appointments?: readonly Appointment[];
  /** Host milliseconds, for --wall and the record's host part. */
  readonly nowMs: () => number;
}
