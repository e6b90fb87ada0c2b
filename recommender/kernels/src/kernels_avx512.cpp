// The kernels for processors with AVX-512 and its 8-bit dot products (Ice Lake, Zen 4 and newer).

#include "kernels.h"

#ifdef ALSOBOUGHT_MULTIVERSIONED
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,prefer-vector-width=512")
#define USE_AVX512
#define VECTOR_BYTES 64
#define TABLE avx512_kernels
#define PROCESSOR "avx512"
#include "kernels.inl"
#endif
