import type { PortDevice } from '../memory/port-bus.js';

/**
 * An ATA channel without a device. The lines float high, but for DD7, which the host pulls down, so that BSY reads as 0: nobody
 * waits for a device that is not there.
 * Source: [ATA-6 "Electrical characteristics", which recommends a pull-down of 10 kΩ on DD7 of the host for this].
 */
export const ATA_EMPTY_CHANNEL: PortDevice<null> = {
  readPort: () => 0x7f,
  writePort: () => undefined,
  readsAreSteady: () => true,
  isSettled: () => true,
  reset: () => undefined,
  snapshot: () => null,
  restore: () => undefined,
};
