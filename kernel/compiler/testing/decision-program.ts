/**
 * A guest program of branches and single bits, which branches.ts and single-bits.ts treat in ways of their own.
 */
import type { FunctionCall } from './differential.js';
import type { Program } from './operation-programs.js';

const call = (name: string, ...args: (number | bigint)[]): FunctionCall => ({
  name,
  args: args.map(BigInt),
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Answers that decide at once, conditions of several parts, single bits, and scans for one. */
export const DECISIONS: Program = {
  source: `
    const words: usize = memory.data(64);
    let a: u32 = 3, b: u64 = 40, calls: u32 = 0;
    function isNear(x: u32, y: u64): bool { if (x != a || y != b) return false; calls += 1; return true; }
    function place(x: u32): u32 { if (x > 9) return 0; if (x == a) return 7; return x + 1; }
    export function set(x: u32, y: u64): u32 { a = x; b = y; return calls; }
    export function near(x: u32, y: u64): u64 { if (x > 90 || !isNear(x, y)) return y + a; return b ^ x; }
    export function placed(x: u32): u32 {
      const at = place(x);
      if (at == 0) { calls += 2; return 100; }
      return at * 3 + x;
    }
    export function twice(x: u32, y: u64): u32 {
      let found = false;
      if (isNear(x, y) && place(x) != 7) found = true;
      else if (isNear(x + 1, y) || place(x + 1) == 7) found = (x & 1) != 0;
      return found ? calls : calls + 50;
    }
    export function loop(n: u32, stop: u32): u32 {
      let more = true, sum: u32 = 0;
      while (more) {
        sum += n;
        if (n == 0 || sum > stop) more = false;
        else if (n == stop && sum != 6) more = place(n) != 0;
        n -= 1;
      }
      return sum;
    }
    export function parts(x: i32, y: i32, z: u64): u32 {
      let r: u32 = 0;
      if (x < y && z != 0 && x != 5) r |= 1;
      if (x >= y || z == 7 || (x == -1 && y == 2)) r |= 2;
      if (!(x == y || x == 0)) r |= 4;
      if ((x == y) != (z > 9)) r |= 8;
      return r;
    }
    export function inOrder(p: u32, q: u32): u32 {
      store<u32>(words, p);
      if (p != 0 && load<u32>(words) == q) { store<u32>(words, q + 1); }
      if (load<u32>(words) > q || q == 4) return load<u32>(words) + 10;
      return load<u32>(words);
    }
    export function bits64(x: u64, n: u64): u64 {
      const bit = (1 as u64) << n;
      store<u64>(words, (x & bit) == 0 ? x | bit : x ^ bit);
      store<u64>(words, load<u64>(words) & ~((1 as u64) << (n + 3)), 8);
      store<u64>(words, load<u64>(words, 8) | ((1 as u64) << ((n & 63) + x)), 8);
      return load<u64>(words) * 3 + load<u64>(words, 8);
    }
    export function bits32(x: u32, n: u32): u32 {
      const bit = (1 as u32) << n;
      a = x | bit;
      a ^= (1 as u32) << (n * 7);
      if ((a & bit) != 0) return a & ~bit;
      return (x ^ bit) + (((x >> n) & 1) != 0 ? 5 : 9);
    }
    export function scan(x: u64, y: u32): u64 {
      let r = ctz(x);
      if (x != 0) r = r * 3 + ctz(x) + (clz(x) << 8);
      if (y > 4) r += clz(y);
      if (y == 0) return r;
      return (r << 20) + ctz(y) + clz(y);
    }
    export function each(x: u64): u64 {
      let sum: u64 = 0;
      for (let bits = x; bits != 0; bits &= bits - 1) sum = sum * 5 + ctz(bits);
      return sum;
    }
    export function short(i: u32, v: u32): u32 {
      store<u16>(words + (i & 30), <u16>v);
      let r: u32 = 0;
      if ((load<u16>(words + (i & 30)) as u32) == 0xffff) r |= 1;
      if ((load<u16>(words + (i & 30)) as u32) < 0xfffe) r |= 2;
      if ((load<u16>(words + (i & 30)) as u32) > 0x7f) r |= 4;
      if ((load<u16>(words + (i & 30)) as u32) != 0x80) r |= 8;
      return r;
    }
    export function inside(i: usize, j: usize): u64 {
      store<u64>(words + (i & 24) + ((j & 3) << 3), i * 3 + j);
      return load<u64>((i & 24) + 8 + (words - 8) + ((j & 3) << 3)) + load<u64>(words + 8);
    }`,
  calls: [
    ...range(5).flatMap((n) => [
      call('set', n + 1, n * 20),
      call('near', n, 20n * BigInt(n)),
      call('near', n + 1, 20n * BigInt(n)),
      call('near', 91 + n, 20n * BigInt(n)),
      ...range(12).flatMap((x) => [call('placed', x), call('twice', x, n * 20)]),
      ...range(8).flatMap((x) => [call('loop', x, n), call('inOrder', x, n)]),
    ]),
    ...range(60).map((n) => call('parts', (n % 5) - 1, (n % 7) - 1, (n % 4) * 5 + 2)),
    ...[0, 1, 31, 32, 63, 64, 65, -1].flatMap((n) =>
      [0n, 1n, 0x8000_0000_8000_0001n, -1n, 0x1234_5678_9abc_def0n].flatMap((x) => [
        call('bits64', x, n),
        call('bits32', x, n),
        call('scan', x, n),
        call('each', x),
        call('short', n, x),
        call('inside', x, n),
      ]),
    ),
    ...[0x7e, 0x7f, 0x80, 0xff80, 0xfffd, 0xfffe].map((value) => call('short', 6, value)),
  ],
};
