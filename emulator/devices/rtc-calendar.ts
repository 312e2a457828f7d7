/**
 * The time-of-day registers of an MC146818, as bytes in the chip's memory, and what one second does to them.
 * Source: [MC146818] Motorola, "MC146818A Real-Time Clock Plus RAM", 1984, "Time, Calendar, and Alarm Locations".
 */

export const RTC_SECONDS = 0x00;
export const RTC_SECONDS_ALARM = 0x01;
export const RTC_MINUTES = 0x02;
export const RTC_MINUTES_ALARM = 0x03;
export const RTC_HOURS = 0x04;
export const RTC_HOURS_ALARM = 0x05;
export const RTC_DAY_OF_WEEK = 0x06; // Sunday is 1
export const RTC_DATE_OF_MONTH = 0x07;
export const RTC_MONTH = 0x08;
export const RTC_YEAR = 0x09;
/** Not in the chip: where a PC's firmware keeps the century, BCD. */
export const CMOS_CENTURY = 0x32;

const HOURS_PM = 0x80;
/** An alarm byte with both bits set matches always. */
const ALARM_DO_NOT_CARE = 0xc0;

export interface CalendarFormat {
  /** Register B, DM: binary instead of BCD. */
  readonly binary: boolean;
  /** Register B, 24/12. */
  readonly hours24: boolean;
}

/** One update cycle: the registers show the next second. */
export function advanceOneSecond(registers: Uint8Array, format: CalendarFormat): void {
  const read = (index: number): number => decode(registers[index] ?? 0, format.binary);
  const write = (index: number, value: number): void => {
    registers[index] = encode(value, format.binary);
  };
  /** Counts up; true where it passed `last` and began again at `first`. */
  const carry = (index: number, first: number, last: number): boolean => {
    const value = read(index);
    write(index, value >= last ? first : value + 1);
    return value >= last;
  };
  if (!carry(RTC_SECONDS, 0, 59)) return;
  if (!carry(RTC_MINUTES, 0, 59)) return;
  if (!advanceHour(registers, format)) return;
  carry(RTC_DAY_OF_WEEK, 1, 7);
  const daysInMonth = daysOf(read(RTC_MONTH), read(RTC_YEAR));
  if (!carry(RTC_DATE_OF_MONTH, 1, daysInMonth)) return;
  if (!carry(RTC_MONTH, 1, 12)) return;
  if (!carry(RTC_YEAR, 0, 99)) return;
  registers[CMOS_CENTURY] = encode(decode(registers[CMOS_CENTURY] ?? 0, false) + 1, false);
}

export function alarmMatches(registers: Uint8Array): boolean {
  const matches = (alarm: number, time: number): boolean => {
    const value = registers[alarm] ?? 0;
    return (value & ALARM_DO_NOT_CARE) === ALARM_DO_NOT_CARE || value === registers[time];
  };
  return (
    matches(RTC_SECONDS_ALARM, RTC_SECONDS) &&
    matches(RTC_MINUTES_ALARM, RTC_MINUTES) &&
    matches(RTC_HOURS_ALARM, RTC_HOURS)
  );
}

/** True at midnight. In 12-hour format the hours run 12, 1, …, 11 and bit 7 is PM. */
function advanceHour(registers: Uint8Array, format: CalendarFormat): boolean {
  const register = registers[RTC_HOURS] ?? 0;
  const hour = format.hours24 ? decode(register, format.binary) : hour24(register, format.binary);
  const next = hour >= 23 ? 0 : hour + 1;
  if (format.hours24) {
    registers[RTC_HOURS] = encode(next, format.binary);
  } else {
    const hour12 = encode(next % 12 === 0 ? 12 : next % 12, format.binary);
    registers[RTC_HOURS] = hour12 | (next >= 12 ? HOURS_PM : 0);
  }
  return next === 0;
}

function hour24(register: number, binary: boolean): number {
  const hour12 = decode(register & ~HOURS_PM, binary) % 12;
  return (register & HOURS_PM) !== 0 ? hour12 + 12 : hour12;
}

/** The chip knows leap years by the two digits of the year: every fourth. */
function daysOf(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function decode(register: number, binary: boolean): number {
  return binary ? register : (register >> 4) * 10 + (register & 15);
}

function encode(value: number, binary: boolean): number {
  return binary ? value : (Math.floor(value / 10) << 4) | (value % 10);
}
