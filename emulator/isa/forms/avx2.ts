/** AVX2: integers of 256 bits, and instructions of its own. Source: SDM Vol. 1, "Intel AVX2 Instructions". */
import { avx } from '../avx-recipes.js';
import type { FormDefinition } from '../form.js';

export const AVX2: readonly FormDefinition[] = [
  ...avx(
    'AVX2',
    `
    VEX.256.66.0F.WIG 60 /r       | VPUNPCKLBW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 61 /r       | VPUNPCKLWD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 62 /r       | VPUNPCKLDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 63 /r       | VPACKSSWB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 64 /r       | VPCMPGTB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 65 /r       | VPCMPGTW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 66 /r       | VPCMPGTD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 67 /r       | VPACKUSWB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 68 /r       | VPUNPCKHBW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 69 /r       | VPUNPCKHWD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 6A /r       | VPUNPCKHDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 6B /r       | VPACKSSDW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 6C /r       | VPUNPCKLQDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 6D /r       | VPUNPCKHQDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 70 /r ib    | VPSHUFD ymm1, ymm2/m256, imm8
    VEX.256.F3.0F.WIG 70 /r ib    | VPSHUFHW ymm1, ymm2/m256, imm8
    VEX.256.F2.0F.WIG 70 /r ib    | VPSHUFLW ymm1, ymm2/m256, imm8
    VEX.256.66.0F.WIG 71 /2 ib    | VPSRLW ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 71 /4 ib    | VPSRAW ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 71 /6 ib    | VPSLLW ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 72 /2 ib    | VPSRLD ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 72 /4 ib    | VPSRAD ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 72 /6 ib    | VPSLLD ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 73 /2 ib    | VPSRLQ ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 73 /3 ib    | VPSRLDQ ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 73 /6 ib    | VPSLLQ ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 73 /7 ib    | VPSLLDQ ymm1, ymm2, imm8
    VEX.256.66.0F.WIG 74 /r       | VPCMPEQB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 75 /r       | VPCMPEQW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG 76 /r       | VPCMPEQD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG D1 /r       | VPSRLW ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG D2 /r       | VPSRLD ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG D3 /r       | VPSRLQ ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG D4 /r       | VPADDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG D5 /r       | VPMULLW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.W0 D7 /r        | VPMOVMSKB r32, ymm1
    VEX.256.66.0F.W1 D7 /r        | VPMOVMSKB r64, ymm1 | V N.E.
    VEX.256.66.0F.WIG D8 /r       | VPSUBUSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG D9 /r       | VPSUBUSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DA /r       | VPMINUB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DB /r       | VPAND ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DC /r       | VPADDUSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DD /r       | VPADDUSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DE /r       | VPMAXUB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG DF /r       | VPANDN ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E0 /r       | VPAVGB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E1 /r       | VPSRAW ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG E2 /r       | VPSRAD ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG E3 /r       | VPAVGW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E4 /r       | VPMULHUW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E5 /r       | VPMULHW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E8 /r       | VPSUBSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG E9 /r       | VPSUBSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG EA /r       | VPMINSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG EB /r       | VPOR ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG EC /r       | VPADDSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG ED /r       | VPADDSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG EE /r       | VPMAXSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG EF /r       | VPXOR ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG F1 /r       | VPSLLW ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG F2 /r       | VPSLLD ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG F3 /r       | VPSLLQ ymm1, ymm2, xmm3/m128
    VEX.256.66.0F.WIG F4 /r       | VPMULUDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG F5 /r       | VPMADDWD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG F6 /r       | VPSADBW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG F8 /r       | VPSUBB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG F9 /r       | VPSUBW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG FA /r       | VPSUBD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG FB /r       | VPSUBQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG FC /r       | VPADDB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG FD /r       | VPADDW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F.WIG FE /r       | VPADDD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 00 /r     | VPSHUFB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 01 /r     | VPHADDW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 02 /r     | VPHADDD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 03 /r     | VPHADDSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 04 /r     | VPMADDUBSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 05 /r     | VPHSUBW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 06 /r     | VPHSUBD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 07 /r     | VPHSUBSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 08 /r     | VPSIGNB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 09 /r     | VPSIGNW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 0A /r     | VPSIGND ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 0B /r     | VPMULHRSW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.W0 16 /r      | VPERMPS ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 1C /r     | VPABSB ymm1, ymm2/m256
    VEX.256.66.0F38.WIG 1D /r     | VPABSW ymm1, ymm2/m256
    VEX.256.66.0F38.WIG 1E /r     | VPABSD ymm1, ymm2/m256
    VEX.256.66.0F38.WIG 20 /r     | VPMOVSXBW ymm1, xmm2/m128
    VEX.256.66.0F38.WIG 21 /r     | VPMOVSXBD ymm1, xmm2/m64
    VEX.256.66.0F38.WIG 22 /r     | VPMOVSXBQ ymm1, xmm2/m32
    VEX.256.66.0F38.WIG 23 /r     | VPMOVSXWD ymm1, xmm2/m128
    VEX.256.66.0F38.WIG 24 /r     | VPMOVSXWQ ymm1, xmm2/m64
    VEX.256.66.0F38.WIG 25 /r     | VPMOVSXDQ ymm1, xmm2/m128
    VEX.256.66.0F38.WIG 28 /r     | VPMULDQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 29 /r     | VPCMPEQQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 2A /r     | VMOVNTDQA ymm1, m256
    VEX.256.66.0F38.WIG 2B /r     | VPACKUSDW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 30 /r     | VPMOVZXBW ymm1, xmm2/m128
    VEX.256.66.0F38.WIG 31 /r     | VPMOVZXBD ymm1, xmm2/m64
    VEX.256.66.0F38.WIG 32 /r     | VPMOVZXBQ ymm1, xmm2/m32
    VEX.256.66.0F38.WIG 33 /r     | VPMOVZXWD ymm1, xmm2/m128
    VEX.256.66.0F38.WIG 34 /r     | VPMOVZXWQ ymm1, xmm2/m64
    VEX.256.66.0F38.WIG 35 /r     | VPMOVZXDQ ymm1, xmm2/m128
    VEX.256.66.0F38.W0 36 /r      | VPERMD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 37 /r     | VPCMPGTQ ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 38 /r     | VPMINSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 39 /r     | VPMINSD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3A /r     | VPMINUW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3B /r     | VPMINUD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3C /r     | VPMAXSB ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3D /r     | VPMAXSD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3E /r     | VPMAXUW ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 3F /r     | VPMAXUD ymm1, ymm2, ymm3/m256
    VEX.256.66.0F38.WIG 40 /r     | VPMULLD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 45 /r      | VPSRLVD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 45 /r      | VPSRLVD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 45 /r      | VPSRLVQ xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 45 /r      | VPSRLVQ ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 46 /r      | VPSRAVD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 46 /r      | VPSRAVD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 47 /r      | VPSLLVD xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W0 47 /r      | VPSLLVD ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W1 47 /r      | VPSLLVQ xmm1, xmm2, xmm3/m128
    VEX.256.66.0F38.W1 47 /r      | VPSLLVQ ymm1, ymm2, ymm3/m256
    VEX.128.66.0F38.W0 58 /r      | VPBROADCASTD xmm1, xmm2/m32
    VEX.256.66.0F38.W0 58 /r      | VPBROADCASTD ymm1, xmm2/m32
    VEX.128.66.0F38.W0 59 /r      | VPBROADCASTQ xmm1, xmm2/m64
    VEX.256.66.0F38.W0 59 /r      | VPBROADCASTQ ymm1, xmm2/m64
    VEX.256.66.0F38.W0 5A /r      | VBROADCASTI128 ymm1, m128
    VEX.128.66.0F38.W0 78 /r      | VPBROADCASTB xmm1, xmm2/m8
    VEX.256.66.0F38.W0 78 /r      | VPBROADCASTB ymm1, xmm2/m8
    VEX.128.66.0F38.W0 79 /r      | VPBROADCASTW xmm1, xmm2/m16
    VEX.256.66.0F38.W0 79 /r      | VPBROADCASTW ymm1, xmm2/m16
    VEX.128.66.0F38.W0 8C /r      | VPMASKMOVD xmm1, xmm2, m128
    VEX.256.66.0F38.W0 8C /r      | VPMASKMOVD ymm1, ymm2, m256
    VEX.128.66.0F38.W1 8C /r      | VPMASKMOVQ xmm1, xmm2, m128
    VEX.256.66.0F38.W1 8C /r      | VPMASKMOVQ ymm1, ymm2, m256
    VEX.128.66.0F38.W0 8E /r      | VPMASKMOVD m128, xmm1, xmm2
    VEX.256.66.0F38.W0 8E /r      | VPMASKMOVD m256, ymm1, ymm2
    VEX.128.66.0F38.W1 8E /r      | VPMASKMOVQ m128, xmm1, xmm2
    VEX.256.66.0F38.W1 8E /r      | VPMASKMOVQ m256, ymm1, ymm2
    VEX.128.66.0F38.W0 90 /r      | VPGATHERDD xmm1, vm32x, xmm2
    VEX.256.66.0F38.W0 90 /r      | VPGATHERDD ymm1, vm32y, ymm2
    VEX.128.66.0F38.W1 90 /r      | VPGATHERDQ xmm1, vm32x, xmm2
    VEX.256.66.0F38.W1 90 /r      | VPGATHERDQ ymm1, vm32x, ymm2
    VEX.128.66.0F38.W0 91 /r      | VPGATHERQD xmm1, vm64x, xmm2
    VEX.256.66.0F38.W0 91 /r      | VPGATHERQD xmm1, vm64y, xmm2
    VEX.128.66.0F38.W1 91 /r      | VPGATHERQQ xmm1, vm64x, xmm2
    VEX.256.66.0F38.W1 91 /r      | VPGATHERQQ ymm1, vm64y, ymm2
    VEX.128.66.0F38.W0 92 /r      | VGATHERDPS xmm1, vm32x, xmm2
    VEX.256.66.0F38.W0 92 /r      | VGATHERDPS ymm1, vm32y, ymm2
    VEX.128.66.0F38.W1 92 /r      | VGATHERDPD xmm1, vm32x, xmm2
    VEX.256.66.0F38.W1 92 /r      | VGATHERDPD ymm1, vm32x, ymm2
    VEX.128.66.0F38.W0 93 /r      | VGATHERQPS xmm1, vm64x, xmm2
    VEX.256.66.0F38.W0 93 /r      | VGATHERQPS xmm1, vm64y, xmm2
    VEX.128.66.0F38.W1 93 /r      | VGATHERQPD xmm1, vm64x, xmm2
    VEX.256.66.0F38.W1 93 /r      | VGATHERQPD ymm1, vm64y, ymm2
    VEX.256.66.0F3A.W1 00 /r ib   | VPERMQ ymm1, ymm2/m256, imm8
    VEX.256.66.0F3A.W1 01 /r ib   | VPERMPD ymm1, ymm2/m256, imm8
    VEX.128.66.0F3A.W0 02 /r ib   | VPBLENDD xmm1, xmm2, xmm3/m128, imm8
    VEX.256.66.0F3A.W0 02 /r ib   | VPBLENDD ymm1, ymm2, ymm3/m256, imm8
    VEX.256.66.0F3A.WIG 0E /r ib  | VPBLENDW ymm1, ymm2, ymm3/m256, imm8
    VEX.256.66.0F3A.WIG 0F /r ib  | VPALIGNR ymm1, ymm2, ymm3/m256, imm8
    VEX.256.66.0F3A.W0 38 /r ib   | VINSERTI128 ymm1, ymm2, xmm3/m128, imm8
    VEX.256.66.0F3A.W0 39 /r ib   | VEXTRACTI128 xmm1/m128, ymm2, imm8
    VEX.256.66.0F3A.WIG 42 /r ib  | VMPSADBW ymm1, ymm2, ymm3/m256, imm8
    VEX.256.66.0F3A.W0 46 /r ib   | VPERM2I128 ymm1, ymm2, ymm3/m256, imm8
    VEX.256.66.0F3A.W0 4C /r /is4 | VPBLENDVB ymm1, ymm2, ymm3/m256, ymm4
    VEX.128.66.0F38.W0 18 /r      | VBROADCASTSS xmm1, xmm2
    VEX.256.66.0F38.W0 18 /r      | VBROADCASTSS ymm1, xmm2
    VEX.256.66.0F38.W0 19 /r      | VBROADCASTSD ymm1, xmm2
    `,
  ),
];
