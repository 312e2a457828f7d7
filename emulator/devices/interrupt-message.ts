/**
 * What an I/O APIC, or a local APIC's interrupt command register, sends to local APICs.
 * Source: [SDM-3A "Advanced Programmable Interrupt Controller (APIC)", "Interrupt Command Register (ICR)"].
 */

export const DELIVERY_FIXED = 0;
export const DELIVERY_LOWEST_PRIORITY = 1;
export const DELIVERY_NMI = 4;
export const DELIVERY_INIT = 5;
export const DELIVERY_EXTINT = 7;

export interface InterruptMessage {
  readonly vector: number;
  /** One of the DELIVERY_ numbers. */
  readonly deliveryMode: number;
  /** The destination is a set of logical APIC ids, not one APIC id. */
  readonly logical: boolean;
  readonly destination: number;
  readonly levelTriggered: boolean;
}

const BROADCAST = 0xff;
const BROADCAST_X2APIC = 0xffff_ffff;
const FLAT_MODEL = 0xf;

/** What of a local APIC decides whether a message is for it. */
export interface Addressee {
  readonly id: number;
  /** Logical destination and destination format registers; an x2APIC has no format. */
  readonly ldr: number;
  readonly dfr: number;
  readonly x2apic: boolean;
}

/** [SDM-3A "Determining IPI Destination", "x2APIC Logical Destination Mode"] */
export function isDestination(
  { logical, destination }: InterruptMessage,
  { id, ldr, dfr, x2apic }: Addressee,
): boolean {
  const broadcast = destination === (x2apic ? BROADCAST_X2APIC : BROADCAST);
  if (!logical) return broadcast || destination === id;
  if (x2apic) {
    return broadcast || (destination >>> 16 === ldr >>> 16 && (destination & ldr & 0xffff) !== 0);
  }
  const mine = ldr >>> 24;
  if (dfr >>> 28 === FLAT_MODEL) return (destination & mine) !== 0;
  const cluster = destination >> 4;
  return (cluster === mine >> 4 || cluster === 0xf) && (destination & mine & 0xf) !== 0;
}
