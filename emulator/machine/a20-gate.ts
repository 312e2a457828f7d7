/**
 * [ICH] "A20M#": the keyboard controller's gate and system control port A's are ORed. Tells the processor about
 * changes of the result only.
 */
export class A20Gate {
  private keyboardController = true;
  private systemControlPortA = false;

  constructor(private readonly onA20: (enabled: boolean) => void) {}

  get enabled(): boolean {
    return this.keyboardController || this.systemControlPortA;
  }

  /** The levels of a snapshot; the processor restores its own. */
  restore(keyboardController: boolean, systemControlPortA: boolean): void {
    this.keyboardController = keyboardController;
    this.systemControlPortA = systemControlPortA;
  }

  setKeyboardController(enabled: boolean): void {
    const before = this.enabled;
    this.keyboardController = enabled;
    if (this.enabled !== before) this.onA20(this.enabled);
  }

  setSystemControlPortA(enabled: boolean): void {
    const before = this.enabled;
    this.systemControlPortA = enabled;
    if (this.enabled !== before) this.onA20(this.enabled);
  }
}
