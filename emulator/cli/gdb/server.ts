/**
 * The server that GDB connects to (`--gdb`): it takes the machine's turns in the place of the run, so that it can stand still before an
 * instruction. What a debugger only looks at changes nothing of the run; a run whose guest it changes cannot be repeated.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { HostError } from '../../base/errors.js';
import type { RunEnd, RunEndKind } from '../../machine/run-end.js';
import type { DebugStop } from '../../machine/debug-stop.js';
import { listenReason } from '../host-file.js';
import { Sleep } from '../sleep.js';
import type { GdbPlace } from './place.js';
import { packet, PacketReader, textToHex } from './packets.js';
import { Reversal, type Arrival, type DebuggableRun, type DebuggedRun } from './reversal.js';
import { GdbSession, type Resumption } from './session.js';

/** Signals of the protocol's own numbering. */
const SIGINT = 2;
const SIGILL = 4;
const SIGTRAP = 5;
const SIGABRT = 6;
const SIGSEGV = 11;
/** Ends at which the debugger gets a last look at the machine. */
const LAST_LOOK: Readonly<Partial<Record<RunEndKind, number>>> = {
  shutdown: SIGSEGV,
  hang: SIGABRT,
  unimplemented: SIGILL,
  'resident-limit': SIGABRT,
  limit: SIGABRT,
};
/** Steps of a range in one turn. */
const STEPS_PER_TURN = 1000;
const WATCH_WORDS = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

export interface GdbLog {
  /** The debugger has changed the guest. */
  changed(): void;
  connected(): void;
}

export class GdbServer {
  /** The user has ended the run in the debugger. */
  killed = false;
  private run: DebuggedRun | null = null;
  private source: DebuggableRun | null = null;
  /** The way back that it is on. */
  private goingBack: Generator<undefined, Arrival> | null = null;
  private socket: Socket | null = null;
  private session: GdbSession | null = null;
  private reader = new PacketReader();
  /** What the debugger has the machine do; null: stand still. */
  private doing: Resumption | null;
  /** The first instruction after standing still may have a breakpoint, which has been met. */
  private leaves = false;
  private interrupted = false;
  private changes = false;
  private readonly sleep = new Sleep();

  /** Listens at `place`; with `pause` the machine waits for a debugger that has it go on. @throws HostError */
  static async listen(place: GdbPlace, pause: boolean, log: GdbLog): Promise<GdbServer> {
    const listener = createServer();
    const server = new GdbServer(listener, pause, log);
    try {
      listener.listen(place.path === null ? { host: place.host, port: place.port } : place.path);
      await once(listener, 'listening');
    } catch (error) {
      const reason = listenReason(error, place.path);
      throw new HostError(`--gdb ${place.text}: cannot listen there: ${reason}`);
    }
    return server;
  }

  private constructor(
    private readonly listener: Server,
    pause: boolean,
    private readonly log: GdbLog,
  ) {
    this.doing = pause ? null : { kind: 'continue' };
    listener.on('connection', (socket) => this.connect(socket));
  }

  /** The port that was chosen where the place named 0; null for a socket in the file system. */
  get port(): number | null {
    const address = this.listener.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  }

  /** The run to debug, and how it begins anew. */
  attach(run: DebuggedRun, source: DebuggableRun): void {
    this.run = run;
    this.source = source;
  }

  get standsStill(): boolean {
    return this.doing === null;
  }

  /** Resolves when the debugger has said something, or after so many milliseconds of host time. */
  turn(milliseconds: number): Promise<void> {
    return this.sleep.rest(milliseconds);
  }

  /** The machine does for a while what the debugger said. Returns how the run ended, or null. */
  runSlice(): RunEnd | null {
    const { run, doing } = this;
    if (run === null || doing === null) return null;
    if (this.interrupted) {
      this.equip();
      this.stop(SIGINT);
      return null;
    }
    if (doing.kind === 'step-back' || doing.kind === 'continue-back') {
      return this.goBack(run, doing.kind);
    }
    if (doing.kind === 'step') this.step(run, doing);
    else this.goOn(run);
    const { debugStop } = run.loop;
    if (this.doing === null || run.loop.ended !== null) return run.loop.ended;
    if (debugStop !== null) this.stop(SIGTRAP, reasonOfStop(debugStop));
    return null;
  }

  /** One turn on the way back. */
  private goBack(run: DebuggedRun, kind: 'step-back' | 'continue-back'): RunEnd | null {
    if (this.goingBack === null) {
      const reversal = this.reversal();
      if (reversal === null) return null;
      this.goingBack = kind === 'step-back' ? reversal.stepBack(run) : reversal.continueBack(run);
    }
    const next = this.goingBack.next();
    if (next.done === true) this.arrive(next.value.stop);
    return this.run?.loop.ended ?? null;
  }

  private reversal(): Reversal | null {
    const { source } = this;
    const why = this.changes ? 'GDB has changed the guest' : source?.cannotRepeat;
    if (source === null || why !== null) {
      this.send(`O${textToHex(`s7x: this run cannot go back: ${why ?? ''}\n`)}`);
      this.stop(SIGTRAP);
      return null;
    }
    const repeat = (): DebuggedRun => (this.run = source.repeat());
    return new Reversal({ cannotRepeat: null, repeat }, ({ machine }) => {
      this.session?.moveTo(machine);
    });
  }

  private arrive(stop: Arrival['stop']): void {
    this.equip();
    if (stop === 'beginning') this.stop(SIGTRAP, 'replaylog:begin;');
    else this.stop(SIGTRAP, stop === null ? '' : reasonOfStop(stop));
  }

  /** Wherever a way back has led, the debugger's breakpoints are there. */
  private equip(): void {
    if (this.goingBack === null || this.run === null) return;
    this.goingBack = null;
    this.session?.moveTo(this.run.machine);
  }

  private goOn({ loop, machine }: DebuggedRun): void {
    const { debug } = machine.processor;
    if (this.leaves && debug.isBreakpoint(debug.instructionAddress)) {
      if (loop.stepInstruction()) this.leaves = false;
      if (loop.debugStop !== null || loop.ended !== null || this.leaves) return;
    }
    this.leaves = false;
    loop.runSlice();
  }

  private step({ loop, machine }: DebuggedRun, { from, to }: { from: bigint; to: bigint }): void {
    const { debug } = machine.processor;
    for (let steps = 0; steps < STEPS_PER_TURN; steps++) {
      const complete = loop.stepInstruction();
      if (loop.ended !== null || loop.debugStop !== null || !complete) return;
      const address = debug.instructionAddress;
      const within = address >= from && address < to;
      if (!within || debug.isBreakpoint(address)) return this.stop(SIGTRAP);
    }
  }

  /**
   * The run has ended with `detail`. Where the guest has failed the debugger gets a look at it; resolves when it has had that, or when `giveUp`
   * says so, which is asked now and then.
   */
  async ended({ kind, detail }: RunEnd, giveUp: () => boolean): Promise<void> {
    const signal = LAST_LOOK[kind];
    if (signal === undefined || this.session === null || this.killed) return;
    this.send(`O${textToHex(`s7x: ${detail}\n`)}`);
    this.stop(signal);
    while (this.doing === null && this.session !== null && !giveUp()) await this.turn(LOOK_MS);
  }

  /** The run is over, with this exit status. */
  close(status: number): void {
    if (this.session !== null && this.doing !== null && !this.killed)
      this.send(`W${(status & 0xff).toString(16).padStart(2, '0')}`);
    this.socket?.end();
    this.listener.close();
  }

  private connect(socket: Socket): void {
    const { run, source } = this;
    if (this.socket !== null || run === null || source === null) {
      socket.destroy();
      return;
    }
    this.socket = socket;
    this.reader = new PacketReader();
    this.session = new GdbSession(run.machine, () => this.noteChange(), source.debuggerBits);
    this.doing = null;
    this.log.connected();
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('close', () => this.disconnect(socket));
    socket.on('error', () => socket.destroy());
  }

  /** The debugger has gone: the machine goes on. */
  private disconnect(socket: Socket): void {
    if (this.socket !== socket) return;
    this.equip();
    this.session?.end();
    this.session = null;
    this.socket = null;
    this.resume({ kind: 'continue' });
    this.sleep.wake();
  }

  private noteChange(): void {
    if (!this.changes) this.log.changed();
    this.changes = true;
  }

  private receive(bytes: Uint8Array): void {
    for (const received of this.reader.take(bytes)) {
      if (received.kind === 'damaged') this.socket?.write('-');
      else if (received.kind === 'interrupt') this.interrupted = true;
      else this.answer(received.payload);
    }
    this.sleep.wake();
  }

  private answer(payload: string): void {
    const { session } = this;
    if (session === null) return;
    if (!session.withoutAcknowledgements) this.socket?.write('+');
    // While the machine runs a debugger says nothing but that it shall stand still.
    if (this.doing !== null && payload !== 'k') return;
    const reply = session.handle(payload);
    if (reply !== null) this.send(reply);
    if (session.resumption !== null) this.resume(session.resumption);
  }

  private resume(resumption: Resumption): void {
    this.interrupted = false;
    this.leaves = true;
    this.doing = resumption;
    if (resumption.kind === 'kill') this.killed = true;
    if (resumption.kind === 'detach') this.socket?.end();
  }

  private stop(signal: number, reason = ''): void {
    this.interrupted = false;
    this.doing = null;
    if (this.session !== null) this.send(this.session.stopped(signal, reason));
  }

  private send(payload: string): void {
    this.socket?.write(packet(payload), 'latin1');
  }
}

/** Words of a stop reply. */
function reasonOfStop(stop: DebugStop): string {
  if (stop.kind !== 'watchpoint') return stop.kind === 'breakpoint' ? 'swbreak:;' : '';
  const { access, address } = stop.watchpoint;
  return `${WATCH_WORDS[access]}:${address.toString(16)};`;
}

/** Host time after which it is asked again whether to wait for the debugger's last look. */
const LOOK_MS = 50;
