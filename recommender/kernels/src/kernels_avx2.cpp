// The kernels for processors with AVX2 (Haswell, Zen and newer).

#include "kernels.h"

#ifdef ALSOBOUGHT_MULTIVERSIONED
#pragma GCC target("avx2,fma")
#define USE_AVX2
#define VECTOR_BYTES 32
#define TABLE avx2_kernels
#define PROCESSOR "avx2"
#include "kernels.inl"
#endif
