import { describe, expect, it } from 'vitest';
import { packet, PacketReader, type Received } from './packets.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const payload = (text: string): Received => ({ kind: 'packet', payload: text });

/** Examples of the GDB manual, "Overview" and "Packets", with their checksums worked out by hand. */
describe('packets of the remote protocol', () => {
  it.each([
    ['OK', '$OK#9a'],
    ['', '$#00'],
    ['E01', '$E01#a6'],
    // `#`, `$`, `}` and `*` are `}` and the character exclusive-or 0x20.
    ['#', '$}\x03#80'],
    ['}', '$}]#da'],
    ['*', '$}\x0a#87'],
  ])('sends %j as %j', (text, sent) => {
    expect(packet(text)).toBe(sent);
    expect(new PacketReader().take(bytes(sent))).toEqual([payload(text)]);
  });

  it.each<[string, string, Received[]]>([
    ['acknowledgements are passed over', '+-$?#3f', [payload('?')]],
    ['an interrupt is a byte by itself', '\x03', [{ kind: 'interrupt' }]],
    ['two packets come at once', '$g#67$?#3f', [payload('g'), payload('?')]],
    ['a wrong checksum asks for it again', '$g#68', [{ kind: 'damaged' }]],
    ['digits of either case', '$OK#9A', [payload('OK')]],
  ])('%s', (_, text, received) => {
    expect(new PacketReader().take(bytes(text))).toEqual(received);
  });

  it('waits for the rest of a packet, byte by byte', () => {
    const reader = new PacketReader();
    const parts = [...'+$m0,4#fd'].map((c) => reader.take(bytes(c)));
    expect(parts.flat()).toEqual([payload('m0,4')]);
    expect(parts.at(-1)).toHaveLength(1);
  });

  it('keeps every byte value of a binary payload', () => {
    const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
    expect(new PacketReader().take(bytes(packet(all)))).toEqual([payload(all)]);
  });
});
