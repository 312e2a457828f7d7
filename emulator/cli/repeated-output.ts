/** What a run gives to the host, once: a run that begins anew makes the same again, which is not handed on again. */
import type { TraceEvent } from '../machine/trace.js';

export interface RunOutput {
  serial(port: number, byte: number, cycle: number): void;
  debug(byte: number, cycle: number): void;
  event(event: TraceEvent): void;
  /** An `--expect` has matched, with the byte that COM1 showed last. */
  matched(pattern: string, cycle: number): void;
  /** After each slice: hand on what is buffered. */
  flush(): void;
}

/** Of one kind of output: how much this repetition has made, and the most that any has. */
class Progress {
  private made = 0;
  private most = 0;

  /** Counts one more; whether none has made it before. */
  isNew(): boolean {
    this.made++;
    if (this.made <= this.most) return false;
    this.most = this.made;
    return true;
  }

  restart(): void {
    this.made = 0;
  }
}

export class RepeatedOutput {
  private readonly ports: Progress[] = [];
  private readonly debugPort = new Progress();
  private readonly events = new Progress();
  private readonly matches = new Progress();

  constructor(private readonly output: RunOutput) {}

  repeat(): void {
    for (const progress of [...this.ports, this.debugPort, this.events, this.matches])
      progress.restart();
  }

  serial(port: number, byte: number, cycle: number): void {
    this.ports[port] ??= new Progress();
    if (this.ports[port].isNew()) this.output.serial(port, byte, cycle);
  }

  debug(byte: number, cycle: number): void {
    if (this.debugPort.isNew()) this.output.debug(byte, cycle);
  }

  event(event: TraceEvent): void {
    if (this.events.isNew()) this.output.event(event);
  }

  matched(pattern: string, cycle: number): void {
    if (this.matches.isNew()) this.output.matched(pattern, cycle);
  }
}
