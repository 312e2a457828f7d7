/** Expectations: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)", "Resend". */
import { expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Keyboard } from './keyboard.js';

const SENT = 'the system takes the next byte';

it.each<[string, readonly (number | typeof SENT)[], readonly number[]]>([
  [
    'the first byte of the ID, whose second comes behind',
    [0xf2, SENT, SENT, 0xfe],
    [0xfa, 0xab, 0xab, 0x83],
  ],
  [
    'the byte before its own Resend',
    [0xf2, SENT, SENT, SENT, 0xef, SENT, 0xfe],
    [0xfa, 0xab, 0x83, 0xfe, 0x83],
  ],
  [
    'an acknowledgement, and waits for the parameter still',
    [0xed, SENT, 0xfe, SENT, 0x07],
    [0xfa, 0xfa, 0xfa],
  ],
  ['the same byte twice', [0xee, SENT, 0xfe, SENT, 0xfe], [0xee, 0xee, 0xee]],
])('Resend sends again %s', (_title, steps, expected) => {
  const events = new EventQueue();
  const ports = {
    events,
    domains: new ClockDomains(1_000_000_000),
    onOutput: (): void => undefined,
  };
  const keyboard = new Keyboard(ports);
  const received: number[] = [];
  for (const step of steps) {
    if (step === SENT) received.push(keyboard.take());
    else keyboard.receive(step);
  }
  while (keyboard.hasOutput) received.push(keyboard.take());
  expect(received).toEqual(expected);
});
