/**
 * A trace as Chrome's trace-event JSON, which Perfetto (ui.perfetto.dev) opens. [Trace Event Format, "JSON Object Format", "Duration
 * Events", "Instant Events", "Metadata Events"]
 *
 * Times are microseconds of guest time with three digits. Slices are pairs of B and E in the order of a stack, so that they nest whatever the
 * times of two are rounded to. Tracks: calls (with the interrupts and exceptions in which they were made), interrupts, exceptions, ports, COM1.
 */
import type { TraceFile } from './trace-file.js';

/** Numbers of the tracks, which viewers sort by. */
const TRACKS = { call: 1, irq: 2, exc: 3, io: 4, serial: 5 } as const;
const TRACK_NAMES: Readonly<Record<keyof typeof TRACKS, string>> = {
  call: 'calls',
  irq: 'interrupts',
  exc: 'exceptions',
  io: 'port I/O',
  serial: 'COM1',
};
/** The one process that there is. */
const PROCESS = 1;

type Track = keyof typeof TRACKS;

interface OpenSlice {
  readonly frames: number;
  readonly name: string;
  /** It is an interrupt's or exception's, and lasts until its IRET. */
  readonly isInterrupt: boolean;
  readonly tracks: readonly Track[];
}

/** The document, in pieces. `title` names the run. */
export function chromeTrace(trace: TraceFile, title: string): string {
  return new ChromeTrace(trace).document(title);
}

class ChromeTrace {
  private readonly events: string[] = [];
  private readonly open: OpenSlice[] = [];

  constructor(private readonly trace: TraceFile) {}

  document(title: string): string {
    const { trace } = this;
    this.metadata('process_name', null, title);
    for (const track of this.tracks()) this.metadata('thread_name', track, TRACK_NAMES[track]);
    for (const [cycle, frames, name, isInterrupt] of trace.stack) {
      this.stackChanged(cycle, frames, trace.functions[name] ?? '', isInterrupt !== 0);
    }
    this.closeDownTo(-1, trace.endCycle ?? trace.cycles);
    for (const [cycle, port, bytes, value, isWrite] of trace.ports) {
      const name = `${isWrite === 0 ? 'in' : 'out'} ${hexadecimal(port)}`;
      this.instant('io', cycle, name, { bytes, value: hexadecimal(value) });
    }
    for (const [cycle, text] of trace.lines) this.instant('serial', cycle, text, {});
    const events = this.events.join(',\n');
    return `{"displayTimeUnit":"ns","traceEvents":[\n${events}\n]}\n`;
  }

  private tracks(): Track[] {
    const asked = ['call', 'irq', 'exc', 'io'] as const;
    return [...asked.filter((name) => this.trace.categories.includes(name)), 'serial'];
  }

  /** The top frame is one of `name` now. An interrupt's frame that goes on in another function has it inside. */
  private stackChanged(cycle: number, frames: number, name: string, isInterrupt: boolean): void {
    this.closeDownTo(frames, cycle);
    const top = this.open.at(-1);
    if (top?.frames !== frames) return this.begin(cycle, frames, name, isInterrupt);
    if (top.name === name) return;
    if (!top.isInterrupt) this.end(cycle);
    this.begin(cycle, frames, name, false);
  }

  private closeDownTo(frames: number, cycle: number): void {
    while ((this.open.at(-1)?.frames ?? -1) > frames) this.end(cycle);
  }

  private begin(cycle: number, frames: number, name: string, isInterrupt: boolean): void {
    const tracks = this.tracksOf(name, isInterrupt);
    this.open.push({ frames, name, isInterrupt, tracks });
    for (const track of tracks) {
      this.event({ ph: 'B', ...this.place(track, cycle), name: nameOf(name), cat: track });
    }
  }

  private end(cycle: number): void {
    for (const track of this.open.pop()?.tracks ?? []) {
      this.event({ ph: 'E', ...this.place(track, cycle) });
    }
  }

  private tracksOf(name: string, isInterrupt: boolean): Track[] {
    const own: Track[] = ['call'];
    if (isInterrupt) own.push(name.startsWith('[#') ? 'exc' : 'irq');
    return own.filter((track) => this.trace.categories.includes(track));
  }

  private instant(track: Track, cycle: number, name: string, args: object): void {
    const { trace } = this;
    if (trace.endCycle !== null && cycle > trace.endCycle) return;
    const place = this.place(track, cycle);
    this.event({ ph: 'i', ...place, s: 't', name: nameOf(name), cat: track, args });
  }

  private metadata(kind: string, track: Track | null, name: string): void {
    this.event({
      ph: 'M',
      pid: PROCESS,
      ...(track === null ? {} : { tid: TRACKS[track] }),
      name: kind,
      args: { name },
    });
  }

  private place(track: Track, cycle: number): { pid: number; tid: number; ts: number } {
    const nanoseconds = Math.round((cycle / this.trace.coreHz) * 1e9);
    return { pid: PROCESS, tid: TRACKS[track], ts: nanoseconds / 1000 };
  }

  private event(event: object): void {
    this.events.push(JSON.stringify(event));
  }
}

/** An event has to have one. */
function nameOf(name: string): string {
  return name === '' ? '?' : name;
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
