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
  static constexpr double erfcShift = 0x1.2p+2;
  static constexpr double erfcLimit = 0x1.cp+4;
  // (x + 7/8) e^(x^2) erfc(x) in t = (x - 4.5) / (x + 4.5), 0 <= x <= 28, relative; error 2^-54.0.
  static constexpr double erfc[] = {
      0x1.511403b197475p-1,   -0x1.3fcf673b744afp-3,  0x1.7e1fb544b2a07p-4,
      -0x1.4167307f8a347p-5,  0x1.1e88cfe88a063p-9,   0x1.0e78cc05c9416p-6,
      -0x1.56164076e4db2p-6,  0x1.1996c9eb938cep-6,   -0x1.683b65e69a397p-7,
      0x1.72431f1ac022dp-8,   -0x1.2c09233a8e5fbp-9,  0x1.5f4eb834f5e32p-11,
      -0x1.92486867167cbp-14, -0x1.aff3b6bc8e794p-16, 0x1.4a9d1d0adaab2p-16,
      -0x1.0c87d05bf808p-18,  -0x1.0b44c32fff137p-20, 0x1.995c1012ca6b8p-21,
      -0x1.00113f0899191p-24, -0x1.7bc906442696cp-24, 0x1.122ba05cdf1e5p-26,
      0x1.2c2a52b73ffcdp-27,
  };
  // erfinv(x)/x in w - 2.5 for w = -log(1 - x^2) in [0, 5], relative; error 2^-54.3.
  static constexpr double erfinv0[] = {
      0x1.805c5cfcedef5p+0,   0x1.f91e8993f0d17p-3,   -0x1.11c3c302dff85p-8,
      -0x1.4863cdfb62958p-10, 0x1.c9b437ed20ec4p-13,  -0x1.4f47fe6ef91bcp-18,
      -0x1.ca9227bdb8ad7p-19, 0x1.01037e04ffc67p-21,  0x1.ccff5e2412234p-27,
      -0x1.752fcf2277807p-27, 0x1.f2ccd1b00e828p-31,  0x1.07034bd268dc8p-33,
      -0x1.119eda6f4897cp-35, 0x1.00d26737bf1bdp-40,  0x1.2e4c1c0727b4dp-41,
      -0x1.57a32f457f594p-44, -0x1.c659e0fe4c833p-49, 0x1.1493af02282e5p-49,
      -0x1.db993787c1cb6p-54, -0x1.06295428b6855p-55, 0x1.7e7e096b979ffp-59,
      0x1.023c41accca4fp-62,
  };
  // erfinv(x)/x in sqrt(w) - 3.125 for w = -log(1 - x^2) in [5, 16], relative; error 2^-54.3.
  static constexpr double erfinv1[] = {
      0x1.7aaa3c1430b73p+1,  0x1.00f3b54ba7ef5p+0,   0x1.cde3e1149ce27p-8,
      -0x1.5b6833331a388p-8, 0x1.f1579bbd8cc8fp-9,   -0x1.4a493b79e589p-9,
      0x1.4a7a1fdbf8e73p-10, -0x1.58a0975009ab5p-12, -0x1.779d35094e606p-14,
      0x1.1d6eeb3d90883p-13, -0x1.edafcada54133p-15, 0x1.250006c471d94p-19,
      0x1.7e82cd51551dfp-17, -0x1.a4a4ddbfca029p-18, 0x1.e4918b1dbd04bp-21,
      0x1.8efa1288f52e3p-21, -0x1.2a3bbbcb155b6p-21, 0x1.2dcd575270ad7p-23,
      0x1.c0b5e30aab0c7p-25, -0x1.a797cbb8ec55ap-25, 0x1.c37be125566cep-29,
      0x1.3ec1e9f31e8a1p-28,
  };
  // erfinv(x)/x in sqrt(w) - 5 for w = -log(1 - x^2) in [16, 36.2], relative; error 2^-55.7.
  static constexpr double erfinv2[] = {
      0x1.3664ddd1ad7fbp+2,  0x1.02a30d1fba10bp+0,   -0x1.22ea5df1f6625p-13, -0x1.c2f36aa14ac24p-13,
      0x1.3ebf4f00dbb5p-14,  -0x1.4a34904b5945ep-16, 0x1.2fbcfaadbb227p-18,  -0x1.0a903081906c4p-20,
      0x1.ebe4a569d59dfp-23, -0x1.223924d6c7c3bp-24, 0x1.f26a5d64a49d3p-26,  -0x1.055d810f3f256p-26,
      0x1.0d1d715a060d6p-27, -0x1.e5c1d49f772ccp-29, 0x1.6702401cdb258p-30,  -0x1.a2877f7c8c562p-32,
      0x1.47d46fcd5d3fdp-34, 0x1.024e3659670bp-36,   -0x1.7928c135d22cfp-36, 0x1.9e7d3cc44e09p-38,
  };
  // sin(pi f) / f - pi in f^2 on |f| <= 1/2, divided by f^2; weighted by f^2; error 2^-61.2.
  static constexpr double sinPi[] = {
      -0x1.4abbce625be53p+2,  0x1.466bc6775ab15p+1,  -0x1.32d2cce62db4bp-1,
      0x1.507834890710ep-4,   -0x1.e307509aaaee3p-8, 0x1.e8f47fa8d9616p-12,
      -0x1.6fbf2f19d7858p-16, 0x1.af4f089e7d745p-21, -0x1.fc47ecf84467p-26,
  };
  // x (lgamma(x) - (x - 1/2) log(x) + x - log(2 pi)/2) in 1/x^2 for x >= 8.5; error 2^-57.6.
  static constexpr double stirling[] = {
      0x1.5555555555555p-4, -0x1.6c16c16c0fb69p-9,  0x1.a01a0149f0ab8p-11, -0x1.38130cd9ba289p-11,
      0x1.b900ff1914c4p-11, -0x1.e7881f7b999b1p-10, 0x1.d1d4097535fd9p-9,  0x1.ef20a779d7f04p-6,
  };
  // x^2 (log(x) - 1/(2x) - digamma(x)) in 1/x^2 for x >= 8; error 2^-57.6.
  static constexpr double digammaTail[] = {
      0x1.5555555555555p-4, -0x1.111111110f59p-7,  0x1.041040f9954efp-8, -0x1.1111028c5fc1ep-8,
      0x1.f07151ae0d928p-8, -0x1.586cfdefbfe37p-6, 0x1.42b6e32aa3386p-4, -0x1.1d07877cee66dp-2,
  };
  // (pi cot(pi f) - 1/f) / f in f^2 on |f| <= 1/2; error 2^-53.9.
  static constexpr double cotPi[] = {
      -0x1.a51a6625307d3p+1, -0x1.151322ac7d842p+1, -0x1.0470984c0d31p+1,  -0x1.010b36acfb298p+1,
      -0x1.00412ee61f1c6p+1, -0x1.001005020ab8bp+1, -0x1.0006b85400a75p+1, -0x1.ffa6d509dbac7p+0,
      -0x1.02168d6524c6bp+1, -0x1.dd5facecc95ebp+0, -0x1.65e140f911b89p+1, 0x1.46fa5e4664738p+0,
      -0x1.63515371269ccp+3, 0x1.b7f7fff76a6fep+3,  -0x1.fbd723d356dd5p+3,
  };
  // The positive zero of digamma.
  static constexpr double digammaRoot[] = {
      0x1.762d86356be3fp+0,
      0x1.b86a722197829p-54,
      0x1.e0d62a6be90c7p-109,
  };
  // digamma(x) / (x - root) in x - root, |x - root| <= 1/32; error 2^-54.7.
  static constexpr double digammaNearRoot[] = {
      0x1.ef72bc8ee38acp-1, -0x1.c563b54aa1a36p-2, 0x1.08b4294d4d2d5p-2,  -0x1.4fc1317254377p-3,
      0x1.b9a5b746c2877p-4, -0x1.27baba94ad0dbp-4, 0x1.8fbaaa074135ep-5,  -0x1.0fa2f625fcbdp-5,
      0x1.064377db5ebccp-5, -0x1.0fe6035d73c69p-6, -0x1.be166650cfa45p+1,
  };
  // Double-word polynomials: the first coefficients are (high, low) pairs.
  // the same in plain double; error 2^-57.5.
  static constexpr double reciprocalGammaPlain[] = {
      -0x1.b0ee6072093cep-2,  -0x1.dd603fb6ac11bp-3,  0x1.875ac578224efp-3,
      -0x1.92449b66f2a7ep-6,  -0x1.2119851173481p-6,  0x1.06e8179e679b2p-7,
      -0x1.a5b350aba6fdap-11, -0x1.7a5da9eca0967p-12, 0x1.3156561bd00cfp-13,
      -0x1.265ee4398e209p-16, -0x1.5b7e02e6f053ep-19, 0x1.674cfb84fe3efp-20,
      -0x1.b92671433c5b6p-23, -0x1.58bcac05f4facp-33, 0x1.af4749d78a588p-28,
      -0x1.5cda59c6d9ee6p-30,
  };
  static constexpr int reciprocalGammaPairs = 18;
  // (1 / Gamma(2 + d) - 1) / d on |d| <= 1/2; error 2^-106.4.
  static constexpr double reciprocalGamma[] = {
      -0x1.b0ee6072093cep-2,  -0x1.6cb90701fbfa4p-58, -0x1.dd603fb6ac11bp-3,
      -0x1.a94069674c1bep-60, 0x1.875ac57822509p-3,   0x1.b0cf87818352ep-59,
      -0x1.92449b66f2a56p-6,  0x1.76bbbefea0b2dp-62,  -0x1.21198511756cfp-6,
      -0x1.e651800896002p-63, 0x1.06e8179e66f7dp-7,   -0x1.7e8edefb44607p-62,
      -0x1.a5b350a6bf24p-11,  -0x1.5441ef11ff1c3p-65, -0x1.7a5da9eb6a61ep-12,
      -0x1.2a5833981bbap-66,  0x1.31565567bf6p-13,    -0x1.5164ed50311ccp-67,
      -0x1.265ee4d0fe17p-16,  -0x1.092368e7fb642p-71, -0x1.5b7d311c04a6fp-19,
      -0x1.03b1542f60cdfp-74, 0x1.674d203bd4524p-20,  0x1.21624ec71163p-77,
      -0x1.b940b3009b9d1p-23, -0x1.bf8d740265ecep-77, -0x1.5ecd989a393e1p-33,
      0x1.cd4e48b872357p-87,  0x1.af41e866fabbep-28,  -0x1.88def33864149p-82,
      -0x1.5e16a28dc2ed5p-30, -0x1.d2673bea99f87p-84, 0x1.961d3b198689bp-34,
      -0x1.aa6040ac03409p-88, 0x1.a65161d2b7a9fp-37,  -0x1.62a7bf3aae1f8p-92,
      -0x1.2901fa55a09ebp-38, 0x1.26f20c2952759p-41,  -0x1.f47056c3c2086p-47,
      -0x1.e2611b72d2cecp-48, 0x1.8336408e5646ep-50,  -0x1.0942ba75a4759p-53,
  };
  static constexpr int logFullPairs = 12;
  // log((1+s)/(1-s)) / s in s^2 on |s| <= 3 - sqrt(8); error 2^-122.0.
  static constexpr double logFull[] = {
      0x1p+1,
      -0x1.477b02497c0adp-145,
      0x1.5555555555555p-1,
      0x1.5555555555555p-55,
      0x1.999999999999ap-2,
      -0x1.999999999900cp-56,
      0x1.2492492492492p-2,
      0x1.24924921478b8p-56,
      0x1.c71c71c71c71cp-3,
      0x1.c71c8542942fcp-57,
      0x1.745d1745d1746p-3,
      -0x1.74a4ab8f65e24p-58,
      0x1.3b13b13b13b14p-3,
      -0x1.0ec250fcf6a27p-57,
      0x1.1111111111107p-3,
      0x1.4c7308cf411b8p-57,
      0x1.e1e1e1e1e2ab6p-4,
      0x1.511f1ab75d8d1p-58,
      0x1.af286bc9b8eb1p-4,
      -0x1.4f951119ccbfep-58,
      0x1.861861aa89566p-4,
      -0x1.c4c56ebe87fc7p-59,
      0x1.642c7b1f486e4p-4,
      0x1.157d20c3f2482p-58,
      0x1.47b064d18456bp-4,
      0x1.2f03209f1c39cp-4,
      0x1.27abfe458bc75p-4,
      -0x1.059dced93fe5ep-6,
      0x1.84bc280975cfbp+0,
      -0x1.202623ce3fdaap+4,
      0x1.120dfc49c30b8p+7,
      -0x1.df05d3bc6ce4ep+8,
  };
  static constexpr int expFullPairs = 14;
  // (e^r - 1) / r on |r| <= ln(2)/2; error 2^-120.2.
  static constexpr double expFull[] = {
      0x1p+0,
      0x1.e3f7bb1a4e3dap-130,
      0x1p-1,
      0x1.c93c18e484cb6p-131,
      0x1.5555555555555p-3,
      0x1.5555555555555p-57,
      0x1.5555555555555p-5,
      0x1.5555555555555p-59,
      0x1.1111111111111p-7,
      0x1.1111111112681p-63,
      0x1.6c16c16c16c17p-10,
      -0x1.f49f49f49e295p-65,
      0x1.a01a01a01a01ap-13,
      0x1.a019ff9b5c45cp-73,
      0x1.a01a01a01a01ap-16,
      0x1.a019fea2e0417p-76,
      0x1.71de3a556c734p-19,
      -0x1.c15494bf9d73p-73,
      0x1.27e4fb7789f5cp-22,
      0x1.cbbc8bde9d517p-76,
      0x1.ae64567f544e4p-26,
      -0x1.c60b98d3443e5p-80,
      0x1.1eed8eff8d898p-29,
      -0x1.31eaad4b50ca4p-83,
      0x1.6124613a86d16p-33,
      0x1.0235c615dfec6p-88,
      0x1.93974a8c07cbap-37,
      0x1.366cd3e1dcbcfp-91,
      0x1.ae7f3e7332a8bp-41,
      0x1.ae7f3e7328441p-45,
      0x1.952c773fc5bd6p-49,
      0x1.682786b885f2dp-53,
      0x1.2f48c8c8f6a1cp-57,
      0x1.e53f27d905efep-62,
      0x1.74f1de6a467eap-66,
      0x1.129ec5bce7394p-70,
  };
  static constexpr int digammaTailFullPairs = 7;
  // x^2 (log(x) - 1/(2x) - digamma(x)) in 1/x^2 for x >= 16; error 2^-111.6.
  static constexpr double digammaTailFull[] = {
      0x1.5555555555555p-4,   0x1.5555555555555p-58,  -0x1.1111111111111p-7,
      -0x1.11111110b53a6p-63, 0x1.041041041041p-8,    0x1.041039a78133p-62,
      -0x1.1111111111111p-8,  -0x1.0edb4cd8ac7f3p-64, 0x1.f07c1f07c1f06p-8,
      0x1.018b0396af1dfp-62,  -0x1.59959959957p-6,    0x1.34defae10e291p-62,
      0x1.5555555525cd7p-4,   -0x1.88fa6b008e8dfp-59, -0x1.c5e5e5bfe8e77p-2,
      0x1.86e7eef16d6e6p+1,   -0x1.a74a73c668cf9p+4,  0x1.194d151c63cb6p+8,
      -0x1.beccf1962a569p+11, 0x1.8807086e69afbp+15,  -0x1.13bed81793349p+19,
  };
  static constexpr int cotPiFullPairs = 13;
  // (pi cot(pi f) - 1/f) / f - 2/(f^2 - 1) in f^2 on |f| <= 1/2; error 2^-107.6.
  static constexpr double cotPiFull[] = {
      -0x1.4a34cc4a60fa6p+0,  -0x1.1873d8912200cp-54, -0x1.51322ac7d8483p-3,
      -0x1.afc89088ca979p-57, -0x1.1c26130249124p-5,  0x1.049a1e8b36a5ep-60,
      -0x1.0b36af86396e9p-7,  0x1.0698e6d2ed689p-61,  -0x1.04b8ce96ee5f8p-9,
      -0x1.813ab3dc4dafap-63, -0x1.020a5b2cd3042p-11, 0x1.b021d96dcd34p-65,
      -0x1.00e4af2b4e15cp-13, 0x1.63d7621311323p-69,  -0x1.0064cdeb22bdcp-15,
      0x1.49237675a84ccp-69,  -0x1.002c9953897c3p-17, -0x1.bf7561c6155a1p-72,
      -0x1.0013c58d8dd38p-19, -0x1.ed4436823beb8p-78, -0x1.0008c816fa77fp-21,
      -0x1.59240573e4f0bp-76, -0x1.0003924436738p-23, -0x1.3ece7741917afp-78,
      -0x1.000eb8a438193p-25, 0x1.2f01b9d733f5fp-80,  -0x1.fcc48b874c832p-28,
      -0x1.295952388f0dap-29, 0x1.251f5c4ef08f9p-30,  -0x1.b050278eeedefp-28,
      0x1.4d3ed3328d384p-26,  -0x1.90f5376d5a04fp-25, 0x1.62e6a26839088p-24,
      -0x1.b447af5db7ad6p-24, 0x1.4c66e29d275dfp-24,  -0x1.d8c03230e1fdbp-26,
  };
  // ln(2): the first two parts times any exponent are exact.
  static constexpr double ln2Triple[] = {
      0x1.62e42fefa4p-1,
      -0x1.8432a1b0e2p-43,
      -0x1.8cff81a12a17ep-85,
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
  static constexpr float erfcShift = 0x1.4p+1f;
  static constexpr float erfcLimit = 0x1.5p+3f;
  // (x + 7/8) e^(x^2) erfc(x) in t = (x - 2.5) / (x + 2.5), 0 <= x <= 10.5, relative; error
  // 2^-25.1.
  static constexpr float erfc[] = {
      0x1.6c45fep-1f,  -0x1.9ac984p-3f, 0x1.6fa732p-5f,   0x1.058dbcp-5f,
      -0x1.2b0f7ap-5f, 0x1.e79f4ap-7f,  -0x1.200c8cp-11f, -0x1.e8301p-10f,
      0x1.882c82p-12f, 0x1.21f3b2p-12f, -0x1.522192p-14f, -0x1.cce3ep-15f,
  };
  // erfinv(x)/x in w - 2 for w = -log(1 - x^2) in [0, 4], relative; error 2^-24.6.
  static constexpr float erfinv0[] = {
      0x1.60912ep+0f,  0x1.ff8668p-3f,   -0x1.0200dap-9f,  -0x1.bb9832p-10f,
      0x1.c59e54p-13f, 0x1.fef2b6p-18f,  -0x1.54e76ep-18f, 0x1.44190ap-22f,
      0x1.01f158p-23f, -0x1.4954eep-27f, -0x1.555b4p-28f,
  };
  // erfinv(x)/x in sqrt(w) - 3 for w = -log(1 - x^2) in [4, 16.1], relative; error 2^-26.7.
  static constexpr float erfinv1[] = {
      0x1.6a9efcp+1f,   0x1.006dccp+0f,  0x1.3582d2p-7f,  -0x1.f50a4ep-8f,
      0x1.745ceep-8f,   -0x1.d17d74p-9f, 0x1.8a6c1ap-10f, -0x1.5aef2cp-13f,
      -0x1.5be294p-12f, 0x1.d670bep-13f, 0x1.2be224p-18f, -0x1.279a16p-15f,
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
