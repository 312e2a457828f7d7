/** What a program gives: one in JavaScript has no compiler that looks, and a mistake is to have a sentence of its own. */
import { types } from 'node:util';
import { ConfigurationError } from '../base/errors.js';

/** Physical addresses have 52 bits. */
const ADDRESSES_END = 1n << 52n;

/** @param example what it may look like. @throws ConfigurationError */
export function givenText(value: unknown, name: string, example = "'8M' for sizes"): string {
  if (typeof value === 'string') return value;
  throw new ConfigurationError(`${name}: it is a text, such as ${example}`);
}

/** A time of the guest's. @throws ConfigurationError */
export function givenTime(value: unknown, name: string): string {
  return givenText(value, name, "'120ms'");
}

/** @throws ConfigurationError */
export function givenTexts(value: unknown, name: string, example = ''): string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new ConfigurationError(`${name}: it is a list of texts${example}`);
}

/** @throws ConfigurationError */
export function givenFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigurationError(`${name}: it is true or false`);
}

/** A path; undefined for the kernel that the package carries. @throws ConfigurationError */
export function givenImage(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new ConfigurationError(
    'the image is a path, or undefined for the kernel that the package carries; options come behind it',
  );
}

/** What the command line has for it: a text, or an expression between slashes. @throws ConfigurationError */
export function givenPattern(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (types.isRegExp(value)) return String(value);
  throw new ConfigurationError(`${name}: it is a text or a regular expression`);
}

/** @throws ConfigurationError */
export function givenBytes(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (types.isUint8Array(value)) return value;
  throw new ConfigurationError(`${name}: it is a text or bytes (a Uint8Array)`);
}

/** A range of physical addresses. @throws ConfigurationError */
export function givenRange(
  address: unknown,
  bytes: unknown,
  name: string,
): { readonly address: bigint; readonly bytes: number } {
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
  const start = isWhole(address) ? BigInt(address) : address;
  if (typeof start === 'bigint' && isWhole(bytes) && start >= 0n && bytes >= 0) {
    if (start + BigInt(bytes) <= ADDRESSES_END) return { address: start, bytes };
  }
  throw new ConfigurationError(
    `${name}(${String(address)}, ${String(bytes)}): it is an address and a number of bytes, below 2^52`,
  );
}
