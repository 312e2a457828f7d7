/**
 * The keys of a terminal that are not the guest's: all behind Ctrl-A, but Ctrl-A itself.
 * Source: QEMU's manual, "Keys in the character backend multiplexer".
 */
const CTRL_A = 0x01;
const HELP = 'h'.charCodeAt(0);
const QUIT = 'x'.charCodeAt(0);

/** What Ctrl-A h says. QEMU's users look for Ctrl-A c. */
export const KEYS_HELP: readonly string[] = [
  'Ctrl-A x       ends the run',
  'Ctrl-A h       shows these lines',
  'Ctrl-A Ctrl-A  sends one Ctrl-A to the guest',
  'Ctrl-A c       opens nothing yet: the monitor is that of GDB (-s, then: monitor help)',
];

export interface KeyActions {
  quit(): void;
  help(): void;
}

export class TerminalKeys {
  private escaped = false;

  constructor(private readonly actions: KeyActions) {}

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
      if (key === QUIT) this.actions.quit();
      else if (key === HELP) this.actions.help();
      else if (key === CTRL_A) forGuest.push(key);
    }
    return Uint8Array.from(forGuest);
  }
}
