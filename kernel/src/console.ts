import { serialWrite } from './serial';
import { PAGES_PER_MIB } from './page';

/** Text and numbers for people, on the serial line. Integers only: there is no floating point in this kernel. */

const DIGITS_MAX: i32 = 20; // 2^64 - 1 has 20 decimal digits
const digits: usize = memory.data(DIGITS_MAX);

/** Prints a string constant. Characters above 0x7F become `?`. */
export function print(text: string): void {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i) as u32;
    serialWrite(code < 0x80 ? code : 0x3f);
  }
}

/** Prints bytes up to a NUL, at most `limit`; what is not printable ASCII becomes `?`. */
export function printBytes(text: usize, limit: usize): void {
  for (let i: usize = 0; i < limit; i++) {
    const byte = load<u8>(text + i) as u32;
    if (byte == 0) return;
    serialWrite(byte >= 0x20 && byte < 0x7f ? byte : 0x3f);
  }
}

export function printLine(text: string): void {
  print(text);
  newLine();
}

export function newLine(): void {
  serialWrite(0x0a);
}

/** Decimal, without leading zeros. */
export function printUnsigned(value: u64): void {
  printDecimal(value, 1);
}

/** Decimal with at least `width` digits (1 to 20), zeros in front. */
function printDecimal(value: u64, width: i32): void {
  let count = 0;
  do {
    store<u8>(digits + (count as usize), (0x30 + (value % 10)) as u8);
    value /= 10;
    count += 1;
  } while (value != 0 || count < width);
  while (count > 0) {
    count -= 1;
    serialWrite(load<u8>(digits + (count as usize)) as u32);
  }
}

/** Hexadecimal with exactly `width` digits (1 to 16), lower case, without 0x. */
export function printHex(value: u64, width: u32): void {
  for (let shift = width * 4; shift != 0;) {
    shift -= 4;
    const digit = ((value >> shift) & 15) as u32;
    serialWrite(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

/** `0x` and 16 digits: the form of every address in this kernel's output. */
export function printAddress(address: u64): void {
  print('0x');
  printHex(address, 16);
}

/** `[mem 0x…-0x…]`, as Linux prints a range: the end is the last byte. */
export function printRange(start: u64, end: u64): void {
  print('[mem ');
  printAddress(start);
  print('-');
  printAddress(end - 1);
  print(']');
}

/** `N pages (M.MM MiB)`; hundredths are cut off, not rounded, in integer arithmetic. */
export function printPages(pages: u64): void {
  printUnsigned(pages);
  print(' pages (');
  printUnsigned(pages / PAGES_PER_MIB);
  print('.');
  printDecimal(((pages % PAGES_PER_MIB) * 100) / PAGES_PER_MIB, 2);
  print(' MiB)');
}

/** A size in the largest binary unit that states it exactly: `8 GiB`, `638 KiB`, `5 B`. */
export function printSize(bytes: u64): void {
  let unit = 0;
  while (unit < 5 && bytes != 0 && (bytes & 1023) == 0) {
    bytes >>= 10;
    unit += 1;
  }
  printUnsigned(bytes);
  switch (unit) {
    case 0:
      return print(' B');
    case 1:
      return print(' KiB');
    case 2:
      return print(' MiB');
    case 3:
      return print(' GiB');
    case 4:
      return print(' TiB');
    default:
      return print(' PiB');
  }
}
