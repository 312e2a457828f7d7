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

/** A wire that can be cut, behind which the level is then low. */
export class SwitchedInterruptLine implements InterruptLine {
  private level = false;
  private connected = true;

  constructor(private readonly line: InterruptLine) {}

  set(level: boolean): void {
    this.level = level;
    if (this.connected) this.line.set(level);
  }

  connect(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    this.line.set(connected && this.level);
  }

  snapshot(): readonly [level: boolean, connected: boolean] {
    return [this.level, this.connected];
  }

  /** Without touching the wire, as SharedInterruptLine. */
  restore([level, connected]: readonly [boolean, boolean]): void {
    this.level = level;
    this.connected = connected;
  }
}
