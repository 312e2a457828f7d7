import { PARAMETERS, Parameter } from '../engine-layout';

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
