/** An interrupt request wire: what a device pulls and an interrupt controller sees. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** A wire that several devices pull: high while any of them pulls it high (COM1 and COM3 on IRQ 4). */
export class SharedInterruptLine {
  private readonly levels: boolean[] = [];

  constructor(private readonly line: InterruptLine) {}

  /** One more device on the wire. */
  connect(): InterruptLine {
    const index = this.levels.length;
    this.levels.push(false);
    return {
      set: (level): void => {
        this.levels[index] = level;
        this.line.set(this.levels.includes(true));
      },
    };
  }

  snapshot(): readonly boolean[] {
    return [...this.levels];
  }

  /** The levels of a snapshot, without touching the wire: the controller restores its own inputs. */
  restore(levels: readonly boolean[]): void {
    this.levels.splice(0, this.levels.length, ...levels);
  }
}
