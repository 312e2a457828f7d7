/**
 * Guest programs, one for each feature of the language, with calls that reach their corners.
 */
import type { FunctionCall } from './differential.js';
import type { Program } from './operation-programs.js';

const call = (name: string, ...args: (number | bigint)[]): FunctionCall => ({
  name,
  args: args.map(BigInt),
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const MEMORY: Program = {
  source: `
    const buffer: usize = memory.data(512);
    export function put8(i: u32, v: u32): void { store<u8>(buffer + i, <u8>v); }
    export function put16(i: u32, v: u32): void { store<u16>(buffer + (<usize>i << 1), <u16>v, 4); }
    export function put32(i: u32, v: u64): void { store<u32>(buffer + (<usize>i << 2), <u32>v, 8); }
    export function put64(i: u32, v: u64): void { store<u64>(buffer + (<usize>i << 3), v, 16); }
    export function get8u(i: u32): u64 { return load<u8>(buffer + i); }
    export function get8s(i: u32): i64 { return load<i8>(buffer + i); }
    export function get16u(i: u32): u64 { return load<u16>(buffer + i, 3); }
    export function get16s(i: u32): i32 { return load<i16>(buffer + i, 3); }
    export function get32s(i: u32): i64 { return load<i32>(buffer + i, 5); }
    export function get32u(i: u32): u64 { return load<u32>(buffer + i, 5); }
    export function get64(i: u32): u64 { return load<u64>(buffer + i, 1); }
    export function add8(i: u32, v: u32): u32 {
      store<u8>(buffer + i, load<u8>(buffer + i) + <u8>v);
      return load<u8>(buffer + i);
    }
    export function xor64(i: u32, v: u64): u64 {
      const p = buffer + (<usize>(i & 31) << 3);
      store<u64>(p, load<u64>(p) ^ v);
      store<u64>(p, v - load<u64>(p));
      store<u32>(p, load<u32>(p) | 12, 4);
      return load<u64>(p);
    }
    export function alias(i: u32, v: u64): u64 {
      const p = buffer + (<usize>(i & 31) << 3);
      const before = load<u64>(p);
      store<u64>(buffer + 8, v);
      return before * 3 + load<u64>(p);
    }
    export function compareByte(i: u32, v: u32): i32 {
      let r = 0;
      if (load<u8>(buffer + i) == 0x80) r |= 1;
      if (load<u8>(buffer + i) < 0x80) r |= 2;
      if (load<i8>(buffer + i) < -3) r |= 4;
      if (load<u8>(buffer + i) & 0x41) r |= 8;
      if (load<u16>(buffer + i) == <u16>v) r |= 16;
      if (load<u8>(buffer + i)) r |= 32;
      return r;
    }
    export function far(i: u32): u64 { return load<u64>(buffer + <usize>i - 4096, 4096); }
    export function negative(i: i64): u32 { return load<u32>(buffer + 64 + <usize>(i * 4) - 4); }
    @unmanaged class Node { next: Node | null; key: u32; small: u8; signed: i16; wide: i64; }
    export function overlay(i: u32, v: u64): i64 {
      const node = changetype<Node>(buffer + (<usize>(i & 7) << 5));
      node.key = <u32>v;
      node.small += <u8>(v >> 3);
      node.signed -= <i16>v;
      node.wide = node.wide * 5 + node.signed;
      return node.wide + node.small + node.key;
    }`,
  calls: [
    ...range(24).flatMap((i) => [
      call('put8', i, 0x80 + i * 37),
      call('put16', i, 0x7ffe + i * 991),
      call('put32', i, 0x8000_0000n + BigInt(i) * 0x1234567n),
      call('put64', i, 0x8877_6655_4433_2211n * BigInt(i + 1)),
      call('add8', i, 255 - i),
      call('xor64', i, 0xdead_beef_0bad_f00dn * BigInt(i)),
      call('alias', i, 77n * BigInt(i)),
      call('overlay', i, 0xfedc_ba98_7654_3210n * BigInt(i + 3)),
    ]),
    ...range(40).flatMap((i) =>
      ['get8u', 'get8s', 'get16u', 'get16s', 'get32s', 'get32u', 'get64', 'far'].map((name) =>
        call(name, i),
      ),
    ),
    ...range(40).flatMap((i) => [call('compareByte', i, i * 300), call('negative', i - 12)]),
  ],
};

export const BULK_MEMORY: Program = {
  source: `
    const buffer: usize = memory.data(256);
    export function reset(): void {
      for (let i: usize = 0; i < 256; i++) store<u8>(buffer + i, <u8>(i * 7 + 3));
    }
    export function fill(at: u32, value: u32, length: u32): u64 {
      memory.fill(buffer + at, <u8>value, length);
      return load<u64>(buffer + at);
    }
    export function fillWords(at: u32, words: u32): void { memory.fill(buffer + at, 0, <usize>words * 8); }
    export function fillConstant(at: u32): void { memory.fill(buffer + at, 0xa5, 29); }
    export function copy(to: u32, from: u32, length: u32): u64 {
      memory.copy(buffer + to, buffer + from, length);
      return load<u64>(buffer + to);
    }
    export function copyConstant(to: u32, from: u32): void { memory.copy(buffer + to, buffer + from, 24); }
    export function digest(): u64 {
      let h: u64 = 14695981039346656037;
      for (let i: usize = 0; i < 256; i++) h = (h ^ load<u8>(buffer + i)) * 1099511628211;
      return h;
    }`,
  calls: [
    call('reset'),
    ...[0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65].flatMap((length) => [
      call('fill', 3, 0x1ab, length),
      call('digest'),
    ]),
    call('fillWords', 100, 3),
    call('fillConstant', 130),
    call('digest'),
    call('reset'),
    ...[0, 1, 5, 7, 8, 9, 16, 23, 64].flatMap((length) =>
      [-17, -8, -7, -1, 0, 1, 3, 7, 8, 9, 31].flatMap((distance) => [
        call('copy', 80 + distance, 80, length),
        call('digest'),
      ]),
    ),
    call('copyConstant', 10, 12),
    call('copyConstant', 60, 52),
    call('digest'),
  ],
};

export const CONTROL: Program = {
  source: `
    export function dense(n: i32): i32 {
      switch (n) {
        case 0: return 10;
        case 1: return 31;
        case 2: return 5;
        case 3: return 17;
        case 4: return -4;
        case 5: return 99;
        case 6: return 1000;
        default: return -1;
      }
    }
    export function falling(n: u32): u32 {
      let r: u32 = 0;
      switch (n) {
        case 7: r += 1;
        case 6: r += 20;
        case 5: r *= 3; break;
        case 4: r = 8;
        case 3: r ^= 0xff; break;
        case 2: r = n << 4;
        default: r += 7;
      }
      return r;
    }
    export function machine(program: u64, steps: u32): u64 {
      let a: u64 = 1, b: u64 = 2, state: u64 = program;
      for (let i: u32 = 0; i < steps; i++) {
        switch (<u32>(state & 7)) {
          case 0: a += b; break;
          case 1: b ^= a << 3; break;
          case 2: { const t = a; a = b; b = t; break; }
          case 3: if (a > b) continue; a -= 5; break;
          case 4: b = rotl<u64>(b, a); break;
          case 5: a = a * 7 + 1; break;
          case 6: if (b == 0) return a; b >>= 1; break;
          default: a ^= b; b += i;
        }
        state = rotr<u64>(state, 3) ^ <u64>i;
      }
      return a * 31 + b;
    }
    export function fib(n: u32): u32 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
    export function isEven(n: u32): bool { return n == 0 ? true : isOdd(n - 1); }
    export function isOdd(n: u32): bool { return n == 0 ? false : isEven(n - 1); }
    export function ackermann(m: u32, n: u32): u32 {
      if (m == 0) return n + 1;
      return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
    }
    export function gcd(a: u64, b: u64): u64 { while (b != 0) { const t = a % b; a = b; b = t; } return a; }
    export function rotate3(n: u32): u64 {
      let a: u64 = 1, b: u64 = 2, c: u64 = 3;
      while (n-- != 0) { const t = a; a = b; b = c; c = t + 1; }
      return (a << 40) ^ (b << 20) ^ c;
    }
    export function collatz(n: u64): u32 {
      let steps: u32 = 0;
      while (n != 1) { n = (n & 1) == 0 ? n >> 1 : 3 * n + 1; steps++; if (steps > 500) break; }
      return steps;
    }
    export function nested(n: u32, m: u32): u32 {
      let sum: u32 = 0;
      for (let i: u32 = 0; i < n; i++) {
        for (let j: u32 = 0; j < m; j++) {
          if (((i ^ j) & 3) == 1) continue;
          if (i * j > 40) break;
          sum += i * m + j;
        }
        if (sum > 5000) return sum;
      }
      return sum;
    }
    export function doWhile(n: i64): i64 { let r: i64 = 0; do { r += n; n -= 3; } while (n > 0); return r; }
    export function clamp(x: i64, low: i64, high: i64): i64 { return x < low ? low : x > high ? high : x; }
    export function logic(a: i32, b: i32, c: i32): i32 {
      return ((a > b && b > c) || (a == c && b != 0) || !(a < 0)) ? (a | b) : (b & c);
    }
    export function minMax(a: u32, b: u32): u32 { return max(a, b) - min(a, b); }`,
  calls: [
    ...range(10).flatMap((n) => [call('dense', n - 1), call('falling', n), call('fib', n + 5)]),
    call('dense', -2147483648),
    call('falling', -1),
    ...range(16).map((n) => call('machine', 0x9e37_79b9_7f4a_7c15n * BigInt(n + 1), n * 11)),
    ...range(6).flatMap((n) => [call('isEven', n), call('isOdd', n), call('rotate3', n * 3)]),
    ...range(3).flatMap((m) => range(4).map((n) => call('ackermann', m, n))),
    call('gcd', 1071, 462),
    call('gcd', 0x1_0000_0000n * 35n, 49),
    call('gcd', 5, 0),
    ...range(20).map((n) => call('collatz', n * n + 1)),
    ...range(9).flatMap((n) => [call('nested', n * 4, 13 - n), call('doWhile', n * 5 - 10)]),
    ...[-5, 0, 5, 10, 15].map((x) => call('clamp', x, 0, 10)),
    ...range(27).map((n) => call('logic', (n % 3) - 1, (Math.floor(n / 3) % 3) - 1, n - 13)),
    call('minMax', 3, -1),
    call('minMax', 9, 4),
  ],
};

export const CALLS: Program = {
  source: `
    let counter: u32 = 5;
    let total: i64 = -9;
    let zeroed: u64 = 0;
    function add(a: i32, b: i32): i32 { return a + b; }
    function mix(a: i32, b: i32): i32 { counter += <u32>a; return a * 31 - b; }
    function one(a: i64): i64 { total += a; return total; }
    export function bump(): u32 { counter += 3; zeroed ^= <u64>counter << 40; return counter; }
    export function state(): u64 { return <u64>total ^ zeroed ^ counter; }
    export function choose(which: bool, a: i32, b: i32): i32 {
      const f: (a: i32, b: i32) => i32 = which ? add : mix;
      return f(a, b) + f(b, a);
    }
    export function through(slot: u32, a: i32, b: i32): i32 { return call_indirect<i32>(slot, a, b); }
    export function throughOther(slot: u32, a: i64): i64 { return call_indirect<i64>(slot, a); }
    export function keepTable(): i64 { const f: (a: i64) => i64 = one; return f(4); }
    function wide(a: u64, b: i32, c: u64, d: i32, e: u64, f: i32, g: u64, h: i32): u64 {
      if (a == 0) return <u64>b + c * 3 + <u64>d * 5 + e * 7 + <u64>f * 11 + g * 13 + <u64>h * 17;
      return wide(a - 1, h, b, <i32>c, <u64>d, <i32>e, <u64>f, <i32>g) + a;
    }
    export function eight(a: u64, b: i32, c: u64, d: i32, e: u64, f: i32, g: u64, h: i32): u64 {
      return wide(a, b, c, d, e, f, g, h) ^ wide(a & 1, h, g, f, e, d, c, b);
    }
    export function acrossCalls(a: u64, b: u64): u64 {
      const c = a + b, d = a - b, e = a * b, f = a ^ b, g = a & b, h = a | b, i = a << 3, j = b >> 2;
      const k = <u64>bump();
      const l = c * d + e, m = f - g;
      const n = <u64>bump();
      return a + b * 3 + c * 5 + d * 7 + e * 11 + f * 13 + g * 17 + h * 19 + i * 23 + j * 29 + k + l + m + n;
    }
    export function pressure(p: u64, n: u32): u64 {
      let a = p, b = p + 1, c = p * 3, d = p ^ 5, e = p - 7, f = p << 2, g = p >> 3, h = ~p, i = p * 11;
      let j = p + 13, k = p ^ 17, l = p - 19, m = p * 23, o = p + 29, q = p ^ 31, r = p - 37, s = p * 41;
      while (n-- > 0) {
        a += b; b ^= c; c -= d; d += e << 1; e ^= f; f -= g; g += h; h ^= i >> 1; i -= j; j += k;
        k ^= l; l -= m; m += o; o ^= q; q -= r; r += s; s ^= a;
        if (a > s) { const t = a; a = s; s = t + <u64>n; }
      }
      return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ o ^ q ^ r ^ s;
    }
    export function divideUnderPressure(a: u64, b: u64, c: u64, d: u64): u64 {
      const w = a / (b | 1), x = c % (d | 1), y = <u64>(<i64>a / <i64>(c | 1)), z = <u64>(<i64>b % <i64>(d | 1));
      const s = (a << b) | (c >> d), t = rotl<u64>(a, c) ^ rotr<u64>(b, d);
      return w * 3 + x * 5 + y * 7 + z * 11 + s * 13 + t * 17 + a + b + c + d;
    }`,
  calls: [
    call('keepTable'),
    ...range(4).flatMap((n) => [
      call('bump'),
      call('choose', n & 1, n * 7 - 9, 3),
      call('state'),
      call('through', n, n, 40),
      call('throughOther', n, 6),
    ]),
    call('through', 0, 1, 2),
    call('through', -1, 1, 2),
    call('through', 1000, 1, 2),
    ...range(5).map((n) => call('eight', n, -1, 2n ** 40n, 3, 4, -5, 6n << 50n, 7)),
    ...range(6).flatMap((n) => [
      call('acrossCalls', 0x1234_5678_9abc_def0n * BigInt(n), 0xfedc_ba98n + BigInt(n)),
      call('pressure', 0x0123_4567_89ab_cdefn * BigInt(n + 1), n * 3),
      call('divideUnderPressure', n * 1000003, n + 3, 0xffff_ffff_ffffn * BigInt(n), n * 5),
    ]),
    call('state'),
  ],
};

export const ALGORITHMS: Program = {
  source: `
    const words: usize = memory.data(64 * 8);
    const bits: usize = memory.data(64);
    const text = 'The quick brown fox';
    export function seed(x: u64): void {
      for (let i: usize = 0; i < 64; i++) {
        x ^= x << 13; x ^= x >> 7; x ^= x << 17;
        store<u64>(words + (i << 3), x);
      }
    }
    export function sort(count: i32): u64 {
      for (let i = 1; i < count; i++) {
        const x = load<u64>(words + (<usize>i << 3));
        let j = i - 1;
        while (j >= 0 && load<u64>(words + (<usize>j << 3)) > x) {
          store<u64>(words + (<usize>j << 3), load<u64>(words + (<usize>j << 3)), 8);
          j--;
        }
        store<u64>(words + (<usize>(j + 1) << 3), x);
      }
      return load<u64>(words + 8) ^ load<u64>(words + 56);
    }
    export function setBit(i: u32): bool {
      const at = bits + (<usize>(i >> 6) << 3);
      const was = (load<u64>(at) >> (i & 63)) & 1;
      store<u64>(at, load<u64>(at) | (<u64>1 << (i & 63)));
      return was != 0;
    }
    export function clearBit(i: u32): void {
      const at = bits + (<usize>(i >> 6) << 3);
      store<u64>(at, load<u64>(at) & ~(<u64>1 << (i & 63)));
    }
    export function firstFree(): i32 {
      for (let w: usize = 0; w < 8; w++) {
        const word = load<u64>(bits + (w << 3));
        if (word != u64.MAX_VALUE) return <i32>(w * 64 + ctz<u64>(~word));
      }
      return -1;
    }
    export function countBits(): u64 {
      let n: u64 = 0;
      for (let w: usize = 0; w < 8; w++) n += popcnt<u64>(load<u64>(bits + (w << 3)));
      return n;
    }
    export function crc(length: u32): u32 {
      let c: u32 = ~0;
      for (let i: u32 = 0; i < length; i++) {
        c ^= load<u8>(words + i);
        for (let k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0xedb88320 : c >> 1;
      }
      return ~c;
    }
    export function textHash(): u32 {
      let h: u32 = 5381;
      for (let i = 0; i < text.length; i++) h = h * 33 + text.charCodeAt(i);
      return h;
    }
    export function decimal(value: u64): u64 {
      let digits: u64 = 0, count = 0;
      do { digits = digits * 11 + value % 10; value /= 10; count++; } while (value != 0);
      return digits * 32 + count;
    }
    export function primes(limit: u32): u32 {
      memory.fill(words, 0, 512);
      let found: u32 = 0;
      for (let n: u32 = 2; n < limit; n++) {
        if (load<u8>(words + n)) continue;
        found++;
        for (let m = n * n; m < limit; m += n) store<u8>(words + m, 1);
      }
      return found;
    }`,
  calls: [
    call('seed', 88172645463325252n),
    call('crc', 200),
    call('sort', 64),
    call('crc', 512),
    ...[0, 1, 5, 63, 64, 65, 200, 511, 5].map((bit) => call('setBit', bit)),
    call('firstFree'),
    call('countBits'),
    ...[1, 63, 200].map((bit) => call('clearBit', bit)),
    ...range(70).map((bit) => call('setBit', bit)),
    call('firstFree'),
    call('countBits'),
    call('textHash'),
    ...[0n, 7n, 1234567890123456789n, 0xffff_ffff_ffff_ffffn].map((value) =>
      call('decimal', value),
    ),
    call('primes', 500),
  ],
};

export const TRAPS: Program = {
  source: `
    export function divide(a: i32, b: i32): i32 { return a / b; }
    export function divideWide(a: i64, b: i64): i64 { return a / b; }
    export function remainder(a: i64, b: i64): i64 { return a % b; }
    export function positive(a: i32): i32 { assert(a > 0, 'a must be positive'); return a * 2; }
    export function never(a: i32): i32 { if (a == 3) unreachable(); return a; }
    export function thrown(a: i32): i32 { if (a > 5) throw new Error('too large'); return a; }`,
  calls: [
    ...[0, 1, -1].flatMap((b) => [
      call('divide', 7, b),
      call('divide', -2147483648, b),
      call('divideWide', -(2n ** 63n), b),
      call('remainder', -(2n ** 63n), b),
    ]),
    call('positive', 4),
    call('positive', 0),
    call('never', 2),
    call('never', 3),
    call('thrown', 5),
    call('thrown', 6),
  ],
};
