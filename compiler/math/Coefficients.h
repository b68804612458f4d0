// Made by coefficients.py; do not edit.
#pragma once

namespace descent::math {

/// Polynomial coefficients, lowest order first, and split constants, for one floating type.
template <class T> struct Coefficients;

template <> struct Coefficients<double> {
  // ln(2): the high part times any exponent is exact.
  static constexpr double ln2[] = {
      0x1.62e42fefa4p-1,
      -0x1.8432a1b0e2634p-43,
  };
  // ln(2) as a double-double.
  static constexpr double ln2Full[] = {
      0x1.62e42fefa39efp-1,
      0x1.abc9e3b39803fp-56,
  };
  // 1/ln(2).
  static constexpr double log2e[] = {
      0x1.71547652b82fep+0,
      0x1.777d0ffda0d24p-56,
  };
  // 1/ln(10).
  static constexpr double log10e[] = {
      0x1.bcb7b1526e50ep-2,
      0x1.95355baaafad3p-57,
  };
  // log10(2): the high part times any exponent is exact.
  static constexpr double log10of2[] = {
      0x1.34413509f8p-2,
      -0x1.80433b83b532ap-44,
  };
  // pi.
  static constexpr double pi[] = {
      0x1.921fb54442d18p+1,
      0x1.1a62633145c07p-53,
      -0x1.f1976b7ed8fbcp-109,
  };
  // 2/pi.
  static constexpr double twoOverPi = 0x1.45f306dc9c883p-1;
  // pi/2.
  static constexpr double halfPi[] = {
      0x1.921fb54442d18p+0,
      0x1.1a62633145c07p-54,
      -0x1.f1976b7ed8fbcp-110,
  };
  // (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, weighted by r; error 2^-55.6.
  static constexpr double exp[] = {
      0x1.0000000000005p-1,  0x1.5555555555559p-3,  0x1.55555555520f6p-5,  0x1.111111110f65p-7,
      0x1.6c16c17f36ba7p-10, 0x1.a01a01b00610cp-13, 0x1.a019a6881db78p-16, 0x1.71ddf808b6aep-19,
      0x1.28a2a941e99dp-22,  0x1.af5f37267188dp-26,
  };
  // (2^r - 1) / r on |r| <= 1/2; error 2^-57.6.
  static constexpr double exp2[] = {
      0x1.62e42fefa39efp-1,  0x1.ebfbdff82c5a6p-3,  0x1.c6b08d704a183p-5,  0x1.3b2ab6fb9fd45p-7,
      0x1.5d87fe7888b71p-10, 0x1.4309130f89769p-13, 0x1.ffcbfcdba74fdp-17, 0x1.62bfc604a52d1p-20,
      0x1.b524226c00cd6p-24, 0x1.e61de1ebc0bf4p-28, 0x1.eafe512fecd39p-32,
  };
  // (sinh(r) - r) / r^3 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2; error 2^-61.7.
  static constexpr double sinh[] = {
      0x1.5555555555559p-3, 0x1.111111110f65p-7,   0x1.a01a01b00610cp-13,
      0x1.71ddf808b6aep-19, 0x1.af5f37267188dp-26,
  };
  // (cosh(r) - 1) / r^2 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2; error 2^-58.0.
  static constexpr double cosh[] = {
      0x1.000000000000cp-1,  0x1.555555554fe06p-5,  0x1.6c16c18606fabp-10,
      0x1.a01995bb3bea8p-16, 0x1.28b0f602407a6p-22,
  };
  // (log((1+s)/(1-s)) - 2s) / s^3 in s^2 on |s| <= 3 - sqrt(8), weighted by s^2; error 2^-59.5.
  static constexpr double log[] = {
      0x1.5555555555592p-1, 0x1.999999997ff4ap-2, 0x1.24924941dda4ap-2, 0x1.c71c5217876e9p-3,
      0x1.74663c4897dc1p-3, 0x1.39a1f830fbaa2p-3, 0x1.2f032fbaa3135p-3,
  };
  // (log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 in s^2, same range, by s^4; error 2^-73.5.
  static constexpr double logTail[] = {
      0x1.9999999999996p-2, 0x1.2492492492f49p-2, 0x1.c71c71c597ebfp-3, 0x1.745d18289aadap-3,
      0x1.3b1364fd16183p-3, 0x1.1120676cc3d3dp-3, 0x1.de3ea41e83db2p-4, 0x1.eabc139ca734ap-4,
  };
  // (sin(r) - r) / r^3 in r^2 on |r| <= pi/4, weighted by r^2; error 2^-58.0.
  static constexpr double sin[] = {
      -0x1.5555555555549p-3, 0x1.111111110f8a5p-7,   -0x1.a01a019c15dd1p-13,
      0x1.71de357ad2565p-19, -0x1.ae5e6857a3a94p-26, 0x1.5d938c596c4d7p-33,
  };
  // (cos(r) - 1 + r^2/2) / r^4 in r^2 on |r| <= pi/4, weighted by r^4; error 2^-64.2.
  static constexpr double cos[] = {
      0x1.555555555554cp-5,   -0x1.6c16c16c15222p-10, 0x1.a01a019cbfcaep-16,
      -0x1.27e4f81307d8fp-22, 0x1.1ee9f188f6e17p-29,  -0x1.8fb14b4ffdcc3p-37,
  };
  // (asin(x) - x) / x^3 in x^2 on |x| <= 1/2, weighted by x^2; error 2^-59.8.
  static constexpr double asin[] = {
      0x1.5555555555578p-3, 0x1.333333332e03cp-4, 0x1.6db6db72162c3p-5, 0x1.f1c71a9554bc2p-6,
      0x1.6e8bdeb346dfep-6, 0x1.1c49f539bd2fep-6, 0x1.ca1efabbf8921p-7, 0x1.758af3cfebd24p-7,
      0x1.611b12b815092p-7, 0x1.e8142860745b6p-9, 0x1.62ee9242db7c7p-6, -0x1.56fd76b062f0dp-6,
      0x1.0af430dd3fd14p-5,
  };
  // (atan(x) - x) / x^3 in x^2 on |x| <= tan(pi/8), weighted by x^2; error 2^-59.4.
  static constexpr double atan[] = {
      -0x1.555555555553dp-2, 0x1.9999999995849p-3, -0x1.24924922ac16dp-3, 0x1.c71c70e572061p-4,
      -0x1.745cf8c8abc9dp-4, 0x1.3b1117a59afc4p-4, -0x1.10eba6fbbe39dp-4, 0x1.df0e49a20386bp-5,
      -0x1.9cce246cfd53ep-5, 0x1.37c9e1656615ep-5, -0x1.255081464fda6p-6,
  };
  // cube root on [1/2, 1], relative; error 2^-19.6.
  static constexpr double cbrt[] = {
      0x1.80b35ad164634p-2, 0x1.54995d1831b16p+0,  -0x1.7d53f39338f84p+0,
      0x1.498abc900cea4p+0, -0x1.477cdea3c42cfp-1, 0x1.160c35966a0fap-3,
  };
  // (erf(x) - x) / x in x^2 on |x| <= 1, relative to erf; error 2^-56.3.
  static constexpr double erf[] = {
      0x1.06eba8214db69p-3,  -0x1.812746b0379fdp-2,  0x1.ce2f21a04361p-4,   -0x1.b82ce312ab114p-6,
      0x1.565bcd126eb03p-8,  -0x1.c02db49267ac7p-11, 0x1.f9a334289efeap-14, -0x1.f4d31e13b86f4p-17,
      0x1.b9ed791a90f17p-20, -0x1.5f8e89288ca2ap-23, 0x1.fc0fdaf91b897p-27, -0x1.453261200b184p-30,
      0x1.2600810671331p-34,
  };
  static constexpr double erfcShift = 0x1.ep+1;
  static constexpr double erfcLimit = 0x1.cp+4;
  // (x + 3.75) e^(x^2) erfc(x) in (x - 3.75) / (x + 3.75), 0 <= x <= 28, relative; error 2^-53.2.
  static constexpr double erfc[] = {
      0x1.178842825349dp+0,  -0x1.eae02d0a1456bp-1,  0x1.78fecb4e81a8dp-1,   -0x1.f63dd81196143p-2,
      0x1.1dc27118a0687p-2,  -0x1.0e3ea224bdbdep-3,  0x1.92618b77c82e6p-5,   -0x1.9ac69566a6f71p-7,
      0x1.02900837c1cb4p-10, 0x1.a0b759f0ca37fp-11,  -0x1.6d9544850ded6p-12, 0x1.63791483f4606p-17,
      0x1.3a58861f7a99dp-15, -0x1.2ac110fe16886p-17, -0x1.b9e74438939edp-19, 0x1.bc3c75abd64b4p-20,
      0x1.31a22253912eep-22, -0x1.18e10f2fb7789p-22, -0x1.10995fcfc7db8p-25, 0x1.4515528eb0b7p-25,
      0x1.9ac21a84bba5ap-28, -0x1.02e3c87b2674fp-28, -0x1.1046d997deb84p-30,
  };
  // Per 94 binades from 2^40 on: 2^-b and 2/pi * 2^b mod 2^54 in five parts.
  static constexpr int reductionFirst = 40;
  static constexpr int reductionWidth = 94;
  static constexpr double reduction[][6] = {
      {0x1p-40, 0x1.45f306dc9cp+39, 0x1.1054a7f09d5f4p-2, 0x1.f534ddc0db628p-56,
       0x1.5993c439041fcp-108, 0x1.28b1d5ef5de2bp-159},
      {0x1p-134, 0x1.5f47d4d377036p+52, 0x1.b14acc9e21c82p-1, 0x1.fe5163abdebap-58,
       0x1.c561b7246e3a4p-106, 0x1.26e9700324974p-161},
      {0x1p-228, 0x1.c820ff28b1d5ep+53, 0x1.ebbc561b7246ep+0, 0x1.d2126e9700324p-55,
       0x1.2eea09d1921ccp-108, 0x1.f0ef58e5894d3p-159},
      {0x1p-322, 0x1.1b8e909374b8p+52, 0x1.924bba827464p-4, 0x1.0e7f0ef58e589p-53,
       0x1.34e7dd1046beap-107, 0x1.75da24274ce38p-161},
      {0x1p-416, 0x1.1921cfe1deb1cp+52, 0x1.62534e7dd1046p-1, 0x1.7d4baed1213a6p-54,
       0x1.c7026b45f7e4p-108, 0x1.3991d63983532p-160},
      {0x1p-510, 0x1.046bea5d7689p+53, 0x1.3a671c09ad17dp+0, 0x1.f209cc8eb1cc1p-53,
       0x1.5339f49c845f8p-106, 0x1.77bf250763ff1p-159},
      {0x1p-604, 0x1.7df904e647588p+50, 0x1.9835339f49c84p+0, 0x1.7e2ef7e4a0ec6p-54,
       0x1.fe25fff78166p-106, 0x1.fde5e2316b414p-161},
      {0x1p-698, 0x1.908bf177bf25p+53, 0x1.d8ffc4bffef02p-1, 0x1.980fef2f118b4p-54,
       0x1.a0a6d1f6d367ep-106, 0x1.9e4f96136e9e8p-159},
      {0x1p-792, 0x1.e05980fef2f1p+52, 0x1.8b5a0a6d1f6d3p+0, 0x1.9fb3c9f2c26dcp-54,
       0x1.3d18fd9a797fap-106, 0x1.16ba93dd63f5fp-159},
      {0x1p-886, 0x1.b4d9fb3c9f2c2p+52, 0x1.b74f463f669e4p-2, 0x1.fea2d7527bac6p-54,
       0x1.ebe5f17b3d073p-106, 0x1.3ef14a525d4d7p-159},
      {0x1p-980, 0x1.4f2ff516ba93dp+53, 0x1.ac7ebe5f17b3dp+0, 0x1.ce7de294a4bap-58,
       0x1.35fdafd88fc6ap-107, 0x1.d0856033046fcp-160},
  };
};

template <> struct Coefficients<float> {
  // ln(2): the high part times any exponent is exact.
  static constexpr float ln2[] = {
      0x1.62e4p-1f,
      0x1.7f7d1cp-20f,
  };
  // ln(2) as a double-double.
  static constexpr float ln2Full[] = {
      0x1.62e43p-1f,
      -0x1.05c61p-29f,
  };
  // 1/ln(2).
  static constexpr float log2e[] = {
      0x1.715476p+0f,
      0x1.4ae0cp-26f,
  };
  // 1/ln(10).
  static constexpr float log10e[] = {
      0x1.bcb7b2p-2f,
      -0x1.5b235ep-27f,
  };
  // log10(2): the high part times any exponent is exact.
  static constexpr float log10of2[] = {
      0x1.344p-2f,
      0x1.3509f8p-18f,
  };
  // pi.
  static constexpr float pi[] = {
      0x1.921fb6p+1f,
      -0x1.777a5cp-24f,
      -0x1.ee59dap-49f,
  };
  // 2/pi.
  static constexpr float twoOverPi = 0x1.45f306p-1f;
  // pi/2.
  static constexpr float halfPi[] = {
      0x1.921fb6p+0f,
      -0x1.777a5cp-25f,
      -0x1.ee59dap-50f,
  };
  // (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, weighted by r; error 2^-31.0.
  static constexpr float exp[] = {
      0x1p-1f, 0x1.555556p-3f, 0x1.5554fp-5f, 0x1.110fep-7f, 0x1.6d436ep-10f, 0x1.a293cep-13f,
  };
  // (2^r - 1) / r on |r| <= 1/2; error 2^-28.2.
  static constexpr float exp2[] = {
      0x1.62e43p-1f,  0x1.ebfbep-3f,   0x1.c6af72p-5f,
      0x1.3b2a48p-7f, 0x1.5f0dd6p-10f, 0x1.4424b4p-13f,
  };
  // (sinh(r) - r) / r^3 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2; error 2^-34.1.
  static constexpr float sinh[] = {
      0x1.555556p-3f,
      0x1.110fep-7f,
      0x1.a293cep-13f,
  };
  // (cosh(r) - 1) / r^2 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2; error 2^-33.2.
  static constexpr float cosh[] = {
      0x1p-1f,
      0x1.5554e4p-5f,
      0x1.6d514ep-10f,
  };
  // (log((1+s)/(1-s)) - 2s) / s^3 in s^2 on |s| <= 3 - sqrt(8), weighted by s^2; error 2^-30.2.
  static constexpr float log[] = {
      0x1.55557ap-1f,
      0x1.995ed8p-2f,
      0x1.31e044p-2f,
  };
  // (log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 in s^2, same range, by s^4; error 2^-36.8.
  static constexpr float logTail[] = {
      0x1.999ap-2f,
      0x1.24528p-2f,
      0x1.dfa114p-3f,
  };
  // (sin(r) - r) / r^3 in r^2 on |r| <= pi/4, weighted by r^2; error 2^-28.0.
  static constexpr float sin[] = {
      -0x1.555546p-3f,
      0x1.11077ep-7f,
      -0x1.9956bp-13f,
  };
  // (cos(r) - 1 + r^2/2) / r^4 in r^2 on |r| <= pi/4, weighted by r^4; error 2^-33.1.
  static constexpr float cos[] = {
      0x1.55554ap-5f,
      -0x1.6c0c2ep-10f,
      0x1.99eacep-16f,
  };
  // (asin(x) - x) / x^3 in x^2 on |x| <= 1/2, weighted by x^2; error 2^-27.5.
  static constexpr float asin[] = {
      0x1.5555cap-3f, 0x1.3301acp-4f, 0x1.74808cp-5f, 0x1.8c2538p-6f, 0x1.59652cp-5f,
  };
  // (atan(x) - x) / x^3 in x^2 on |x| <= tan(pi/8), weighted by x^2; error 2^-30.4.
  static constexpr float atan[] = {
      -0x1.55554ap-2f, 0x1.9991e2p-3f, -0x1.23b99ep-3f, 0x1.b223ep-4f, -0x1.f2e254p-5f,
  };
  // cube root on [1/2, 1], relative; error 2^-13.7.
  static constexpr float cbrt[] = {
      0x1.c14e86p-2f,
      0x1.dd28f8p-1f,
      -0x1.08dc4cp-1f,
      0x1.2c55cp-3f,
  };
  // (erf(x) - x) / x in x^2 on |x| <= 1, relative to erf; error 2^-29.3.
  static constexpr float erf[] = {
      0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2cfp-4f,   -0x1.b7f858p-6f,
      0x1.53ff92p-8f, -0x1.a3c95cp-11f, 0x1.48edeep-14f,
  };
  static constexpr float erfcShift = 0x1p+1f;
  static constexpr float erfcLimit = 0x1.5p+3f;
  // (x + 2) e^(x^2) erfc(x) in (x - 2) / (x + 2), 0 <= x <= 10.5, relative; error 2^-25.8.
  static constexpr float erfc[] = {
      0x1.058672p+0f,  -0x1.5fd388p-1f, 0x1.1e2dc2p-2f,  -0x1.2a86e8p-5f,
      -0x1.604f4p-6f,  0x1.a844e8p-8f,  0x1.907a9ep-9f,  -0x1.b2eb54p-11f,
      -0x1.32228p-11f, 0x1.881af2p-15f, 0x1.17817ap-14f,
  };
  // Per 38 binades from 2^16 on: 2^-b and 2/pi * 2^b mod 2^25 in five parts.
  static constexpr int reductionFirst = 16;
  static constexpr int reductionWidth = 38;
  static constexpr float reduction[][6] = {
      {0x1p-16f, 0x1.45fp+15f, 0x1.836e4ep+0f, 0x1.1054ap-26f, 0x1.fc2756p-48f, 0x1.d1f534p-72f},
      {0x1p-54f, 0x1.939104p+24f, 0x1.4a7f08p+0f, 0x1.d5f47cp-24f, 0x1.4d377p-48f, 0x1.b6c52p-75f},
      {0x1p-92f, 0x1.c2757cp+24f, 0x1.1f534cp+0f, 0x1.dc0db6p-24f, 0x1.4acc9p-51f, 0x1.c43904p-72f},
  };
};

} // namespace descent::math
