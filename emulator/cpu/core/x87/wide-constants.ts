/**
 * Constants of the transcendental functions with 128 bits, truncated; computed with an arbitrary-precision library.
 */
import { setWide } from './wide';

export function ln2(to: u32): void {
  setWide(to, 0xb172_17f7_d1cf_79ab, 0xc9e3_b398_03f2_f6af, -1);
}

export function log2OfE(to: u32): void {
  setWide(to, 0xb8aa_3b29_5c17_f0bb, 0xbe87_fed0_691d_3e88, 0);
}

export function pi(to: u32): void {
  setWide(to, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1, 1);
}

export function halfPi(to: u32): void {
  setWide(to, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1, 0);
}

export function quarterPi(to: u32): void {
  setWide(to, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1, -1);
}

export function threeQuartersPi(to: u32): void {
  setWide(to, 0x96cb_e3f9_990e_91a7, 0x9394_c9e8_a0a5_159c, 1);
}

/** atan(k / 16), k from 1 to 16 */
export function arcTangentOfSixteenths(to: u32, k: i32): void {
  switch (k) {
    case 1:
      return setWide(to, 0xffaa_ddb9_67ef_4e36, 0xcb27_92dc_0e2e_0d51, -5);
    case 2:
      return setWide(to, 0xfead_d4d5_617b_6e32, 0xc897_989f_3e88_8ef7, -4);
    case 3:
      return setWide(to, 0xbdcb_da5e_72d8_1134, 0x7b0b_4f88_1c9c_7487, -3);
    case 4:
      return setWide(to, 0xfadb_afc9_6406_eb15, 0x6dc7_9ef5_f7a2_17e5, -3);
    case 5:
      return setWide(to, 0x9b13_b9b8_3f5e_5e69, 0xc5ab_b498_d27a_f328, -2);
    case 6:
      return setWide(to, 0xb7b0_ca0f_26f7_8473, 0x8aa3_2122_dcfe_4483, -2);
    case 7:
      return setWide(to, 0xd327_761e_611f_e5b6, 0x427c_95e9_001e_7136, -2);
    case 8:
      return setWide(to, 0xed63_382b_0dda_7b45, 0x6fe4_45ec_bc3a_8d03, -2);
    case 9:
      return setWide(to, 0x832b_f4a6_d986_7e2a, 0x4b6a_09cb_61a5_15c0, -1);
    case 10:
      return setWide(to, 0x8f00_5d5e_f7f5_9f9b, 0x5c83_5e16_65c4_3747, -1);
    case 11:
      return setWide(to, 0x9a2f_80e6_71bd_da20, 0x4226_f8e2_204f_f3bc, -1);
    case 12:
      return setWide(to, 0xa4bc_7d19_34f7_0924, 0x19a8_7f2a_457d_ac9e, -1);
    case 13:
      return setWide(to, 0xaeac_4c38_b4d8_c080, 0x1472_5e2f_3e52_070a, -1);
    case 14:
      return setWide(to, 0xb805_3e2b_c231_9e73, 0xcb2d_a552_10a4_443d, -1);
    case 15:
      return setWide(to, 0xc0ce_85b8_ac52_6640, 0x89dd_62c4_6e92_fa24, -1);
    default:
      return setWide(to, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1, -1);
  }
}
