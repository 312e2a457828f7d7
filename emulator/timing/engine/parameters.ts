import { PARAMETERS, Parameter } from '../engine-layout';

/** Checksum of the parameters that the build has put into this engine as constants; 0: they are read from memory. */
const BUILT_FOR: u32 = 0;

export function builtFor(): u32 {
  return BUILT_FOR;
}

/** The value of a parameter.
 * @inline */
export function parameter(number: Parameter): u32 {
  return load<u32>(PARAMETERS + ((<u32>number) << 2));
}

/** The same as cycles.
 * @inline */
export function cycles(number: Parameter): i64 {
  return <i64>load<u32>(PARAMETERS + ((<u32>number) << 2));
}
