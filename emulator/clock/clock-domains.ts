import { assert } from '../base/assert.js';
import { ConfigurationError } from '../base/errors.js';

/**
 * The one table of frequencies, and exact conversion between a clock's ticks and cycles of the core clock.
 *
 * Tick k of a clock lies at k / frequency seconds after power-on. Both directions are computed from power-on by
 * integer arithmetic, never by adding rounded periods, so that no clock drifts against another however long the
 * run.
 */

/** [IBM PC Technical Reference, "System Timer"] 14.31818 MHz / 12, the 8254's CLK. */
const PIT_HZ = 1_193_182;
/** [PC16550D "Programmable Baud Generator", Table III] the PC's crystal at the UART's XIN. */
const UART_HZ = 1_843_200;
/** [MC146818 "Time-Base"] watch crystal. */
const RTC_HZ = 32_768;
/** [ACPI 6.5 "Power Management Timer"] 3.579545 MHz. */
const PM_TIMER_HZ = 3_579_545;

/** A round figure for the input of the local APIC's timer: a bus of 100 MHz. */
const APIC_TIMER_HZ = 100_000_000;
/** [HPET 1.0a "Main Counter"] at least 10 MHz; the PC's 14.31818 MHz crystal, as in chipsets. */
const HPET_HZ = 14_318_180;

/**
 * The clocks of the legacy devices must tick slower than the core, so that each tick has a cycle of its own. Those of the local
 * APIC and the HPET may be faster: several of their ticks then have one cycle.
 */
const CORE_HZ_MIN = 4_000_000;
/** Bound of the exact arithmetic below. */
const CORE_HZ_MAX = 2 ** 34;
/** Cycles, and ticks of any clock, at the end of the longest run: 3 days of the fastest core. */
const COUNT_MAX = 2 ** 52;

const NS_PER_SECOND = 1_000_000_000;

export type ClockDomain = 'tsc' | 'pit' | 'uart' | 'rtc' | 'pmTimer' | 'apicTimer' | 'hpet';

/** ticks = cycles * numerator / denominator, in lowest terms. */
interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** @throws ConfigurationError where neither the core nor its TSC can run at `hz` */
export function requireClock(hz: number): void {
  if (Number.isInteger(hz) && hz >= CORE_HZ_MIN && hz <= CORE_HZ_MAX) return;
  throw new ConfigurationError(
    `a clock of ${hz} Hz is not possible: the core and its TSC run at a whole number of hertz ` +
      `from ${CORE_HZ_MIN} to ${CORE_HZ_MAX}`,
  );
}

export class ClockDomains {
  readonly coreHz: number;
  readonly tscHz: number;
  readonly pitHz = PIT_HZ;
  readonly uartHz = UART_HZ;
  readonly rtcHz = RTC_HZ;
  readonly pmTimerHz = PM_TIMER_HZ;
  readonly apicTimerHz = APIC_TIMER_HZ;
  readonly hpetHz = HPET_HZ;
  private readonly ratios: Readonly<Record<ClockDomain, Ratio>>;
  /** Nothing that is due later is waited for: no run gets there. Up to twice as late every count of ticks is below 2^53. */
  private readonly endCycle: number;

  /** Frequencies in hertz; the TSC runs at the core's unless told otherwise. */
  constructor(coreHz: number, tscHz = coreHz) {
    requireClock(coreHz);
    requireClock(tscHz);
    this.coreHz = coreHz;
    this.tscHz = tscHz;
    this.ratios = {
      tsc: ratio(tscHz, coreHz),
      pit: ratio(PIT_HZ, coreHz),
      uart: ratio(UART_HZ, coreHz),
      rtc: ratio(RTC_HZ, coreHz),
      pmTimer: ratio(PM_TIMER_HZ, coreHz),
      apicTimer: ratio(APIC_TIMER_HZ, coreHz),
      hpet: ratio(HPET_HZ, coreHz),
    };
    const ticksPerCycle = Object.values(this.ratios).map(
      (clock) => clock.numerator / clock.denominator,
    );
    this.endCycle = COUNT_MAX / Math.max(1, ...ticksPerCycle);
  }

  /** Cycles that `ticks` of `domain` take, rounded up: from power-on, the first cycle at which tick `ticks` has come. */
  coreCyclesOf(domain: ClockDomain, ticks: number): number {
    const { numerator, denominator } = this.ratios[domain];
    return multiplyDivide(ticks, denominator, numerator, true);
  }

  /** Cycles that cover `timeNs`, a whole number: at least 1 for what takes time at all. */
  coreCyclesOfNs(timeNs: number): number {
    return multiplyDivide(timeNs, this.coreHz, NS_PER_SECOND, true);
  }

  /** The cycle at which `ticks` more of `domain` have come than at `nowCycles`; null: not before any run's end. */
  cycleAfter(domain: ClockDomain, ticks: bigint, nowCycles: number): number | null {
    const { numerator, denominator } = this.ratios[domain];
    const cycles = (Number(ticks) * denominator) / numerator;
    if (nowCycles + cycles > this.endCycle) return null;
    return this.coreCyclesOf(domain, this.ticksAt(domain, nowCycles) + Number(ticks));
  }

  /** Ticks of `domain` that have come at `cycle`, rounded down. */
  ticksAt(domain: ClockDomain, cycle: number): number {
    const { numerator, denominator } = this.ratios[domain];
    return multiplyDivide(cycle, numerator, denominator, false);
  }
}

function ratio(domainHz: number, coreHz: number): Ratio {
  const divisor = greatestCommonDivisor(domainHz, coreHz);
  return { numerator: domainHz / divisor, denominator: coreHz / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

const SPLIT = 2 ** 17;

/**
 * value * multiplier / divisor, rounded down or up, exact for integers with value and result below 2^53,
 * multiplier and divisor up to 2^34.
 *
 * Math.floor(x / y) is exact for integers x < 2^53: a true quotient just below an integer k misses it by at
 * least 1/y, which is more than half of a double's step below k.
 */
function multiplyDivide(
  value: number,
  multiplier: number,
  divisor: number,
  roundUp: boolean,
): number {
  if (!(value >= 0 && Number.isSafeInteger(value))) {
    assert(false, `a count of ticks or cycles is a non-negative integer, not ${value}`);
  }
  const whole = Math.floor(value / divisor);
  const rest = value - whole * divisor;
  if (multiplier * divisor <= Number.MAX_SAFE_INTEGER) {
    const product = rest * multiplier;
    const quotient = Math.floor(product / divisor);
    const carry = roundUp && product !== quotient * divisor ? 1 : 0;
    return checked(whole * multiplier + quotient + carry);
  }
  // rest < divisor. rest * multiplier may pass 2^53: multiply by the two halves of the multiplier in turn.
  const high = Math.floor(multiplier / SPLIT);
  const low = multiplier - high * SPLIT;
  const highProduct = rest * high;
  const highQuotient = Math.floor(highProduct / divisor);
  const lowProduct = (highProduct - highQuotient * divisor) * SPLIT + rest * low;
  const lowQuotient = Math.floor(lowProduct / divisor);
  const inexact = lowProduct !== lowQuotient * divisor;
  const carry = roundUp && inexact ? 1 : 0;
  return checked(whole * multiplier + highQuotient * SPLIT + lowQuotient + carry);
}

function checked(count: number): number {
  if (count > Number.MAX_SAFE_INTEGER) {
    assert(false, `a count of ticks or cycles passes 2^53: ${count}`);
  }
  return count;
}
