/** Fused multiply-add, and conversions of half precision. Source: SDM Vol. 1, "FMA Instructions", "16-Bit Floating-Point Conversion". */
import { avx } from '../avx-recipes.js';
import type { FormDefinition } from '../form.js';

export const FMA: readonly FormDefinition[] = [
  ...avx(
    'FMA',
    `
    VEX.128.66.0F38.W0 96 /r | VFMADDSUB132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 96 /r | VFMADDSUB132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 96 /r | VFMADDSUB132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 96 /r | VFMADDSUB132PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 97 /r | VFMSUBADD132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 97 /r | VFMSUBADD132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 97 /r | VFMSUBADD132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 97 /r | VFMSUBADD132PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 98 /r | VFMADD132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 98 /r | VFMADD132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 98 /r | VFMADD132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 98 /r | VFMADD132PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 99 /r | VFMADD132SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 99 /r | VFMADD132SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 9A /r | VFMSUB132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 9A /r | VFMSUB132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 9A /r | VFMSUB132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 9A /r | VFMSUB132PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 9B /r | VFMSUB132SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 9B /r | VFMSUB132SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 9C /r | VFNMADD132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 9C /r | VFNMADD132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 9C /r | VFNMADD132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 9C /r | VFNMADD132PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 9D /r | VFNMADD132SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 9D /r | VFNMADD132SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 9E /r | VFNMSUB132PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 9E /r | VFNMSUB132PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 9E /r | VFNMSUB132PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 9E /r | VFNMSUB132PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 9F /r | VFNMSUB132SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 9F /r | VFNMSUB132SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 A6 /r | VFMADDSUB213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 A6 /r | VFMADDSUB213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 A6 /r | VFMADDSUB213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 A6 /r | VFMADDSUB213PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 A7 /r | VFMSUBADD213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 A7 /r | VFMSUBADD213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 A7 /r | VFMSUBADD213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 A7 /r | VFMSUBADD213PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 A8 /r | VFMADD213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 A8 /r | VFMADD213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 A8 /r | VFMADD213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 A8 /r | VFMADD213PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 A9 /r | VFMADD213SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 A9 /r | VFMADD213SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 AA /r | VFMSUB213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 AA /r | VFMSUB213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 AA /r | VFMSUB213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 AA /r | VFMSUB213PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 AB /r | VFMSUB213SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 AB /r | VFMSUB213SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 AC /r | VFNMADD213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 AC /r | VFNMADD213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 AC /r | VFNMADD213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 AC /r | VFNMADD213PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 AD /r | VFNMADD213SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 AD /r | VFNMADD213SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 AE /r | VFNMSUB213PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 AE /r | VFNMSUB213PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 AE /r | VFNMSUB213PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 AE /r | VFNMSUB213PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 AF /r | VFNMSUB213SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 AF /r | VFNMSUB213SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 B6 /r | VFMADDSUB231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 B6 /r | VFMADDSUB231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 B6 /r | VFMADDSUB231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 B6 /r | VFMADDSUB231PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 B7 /r | VFMSUBADD231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 B7 /r | VFMSUBADD231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 B7 /r | VFMSUBADD231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 B7 /r | VFMSUBADD231PD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 B8 /r | VFMADD231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 B8 /r | VFMADD231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 B8 /r | VFMADD231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 B8 /r | VFMADD231PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 B9 /r | VFMADD231SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 B9 /r | VFMADD231SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 BA /r | VFMSUB231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 BA /r | VFMSUB231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 BA /r | VFMSUB231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 BA /r | VFMSUB231PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 BB /r | VFMSUB231SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 BB /r | VFMSUB231SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 BC /r | VFNMADD231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 BC /r | VFNMADD231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 BC /r | VFNMADD231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 BC /r | VFNMADD231PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 BD /r | VFNMADD231SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 BD /r | VFNMADD231SD xmm1, xmm2, xmm3/m64
    VEX.128.66.0F38.W0 BE /r | VFNMSUB231PS xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 BE /r | VFNMSUB231PS ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 BE /r | VFNMSUB231PD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 BE /r | VFNMSUB231PD ymm1, ymm2, ymm3/m256
    VEX.LIG.66.0F38.W0 BF /r | VFNMSUB231SS xmm1, xmm2, xmm3/m32
    VEX.LIG.66.0F38.W1 BF /r | VFNMSUB231SD xmm1, xmm2, xmm3/m64
    `,
  ),
  ...avx(
    'F16C',
    `
    VEX.128.66.0F38.W0 13 /r    | VCVTPH2PS xmm1, xmm2/m64
    VEX.256.66.0F38.W0 13 /r    | VCVTPH2PS ymm1, xmm2/m128
    VEX.128.66.0F3A.W0 1D /r ib | VCVTPS2PH xmm1/m64, xmm2, imm8
    VEX.256.66.0F3A.W0 1D /r ib | VCVTPS2PH xmm1/m128, ymm2, imm8
    `,
  ),
];
