/**
 * The keys of a terminal that are not the guest's: Ctrl-A x ends the run, Ctrl-A Ctrl-A is one Ctrl-A for the guest.
 * Source: QEMU's manual, "Keys in the character backend multiplexer".
 */
const CTRL_A = 0x01;
const QUIT = 'x'.charCodeAt(0);

export class TerminalKeys {
  private escaped = false;

  constructor(private readonly onQuit: () => void) {}

  /** What the guest gets of the keys. Other keys behind Ctrl-A are swallowed. */
  filter(keys: Uint8Array): Uint8Array {
    const forGuest: number[] = [];
    for (const key of keys) {
      if (!this.escaped) {
        if (key === CTRL_A) this.escaped = true;
        else forGuest.push(key);
        continue;
      }
      this.escaped = false;
      if (key === QUIT) this.onQuit();
      else if (key === CTRL_A) forGuest.push(key);
    }
    return Uint8Array.from(forGuest);
  }
}
