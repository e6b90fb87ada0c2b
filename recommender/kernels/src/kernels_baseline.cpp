// The kernels for any processor that the module is built for.

#include "kernels.h"

#define VECTOR_BYTES 16
#define TABLE baseline_kernels
#define PROCESSOR "baseline"
#include "kernels.inl"
