// What the kernels compute, as plain records and a table of functions.
//
// Each file kernels_*.cpp compiles the same source for one kind of processor and fills one table; module.cpp picks the
// best table that the processor can run. Nothing here allocates per row, knows Python or starts a thread.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "best.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ALSOBOUGHT_MULTIVERSIONED  // else the baseline alone, tuned by whatever flags the build has
#endif

namespace alsobought {

// One side of the factorisation while the other is fixed: rows of a sparse matrix (users, say) and the factors of its
// columns (items), in a basis in which what all pairs of a row together add to its normal equations is diagonal.
struct Rows {
    const std::int64_t* indptr;
    const std::int32_t* indices;
    const float* confidences;  // one per observed pair; null: all are `confidence`
    float confidence;
    const float* factors;          // (columns, width) row by row, width a multiple of WIDTH_UNIT
    const float* spectrum;         // (width): that diagonal, without the row's own; null: the identity, all in all
    const float* regularizations;  // (rows): which is added to each of it; null where spectrum is
    std::int32_t width;
    float unobserved_weight;
};

// How exactly a row is solved: at most `steps` of conjugate gradients, fewer once the residual has fallen to `tolerance`
// of the first one. They start at zero.
struct Effort {
    std::int32_t steps;
    float tolerance;
};

// Items for the exact search, longest first, in blocks of BLOCK; scan.inl says what for. Arrays with one value per item
// are filled up to whole blocks.
struct ScanItems {
    const std::uint8_t* codes;    // (blocks, width / 4, BLOCK, 4)
    const float* scales;          // y~ = scale * (code - 128)
    const float* errors;          // |y - y~|, rounded up
    const float* lengths;         // |y~|, rounded up
    const float* bounds;          // (blocks): no item of this block or a later one is longer
    const float* factors;         // (items, width) row by row
    const std::int32_t* numbers;  // (items): what the caller calls them; also breaks ties
    std::int64_t items;
    std::int32_t width;  // a multiple of WIDTH_UNIT
};

struct ScanQuery {
    const float* factors;
    const std::int8_t* codes;  // q~ = scale * code
    float scale;
    float length;         // |q|, rounded up
    float error;          // |q - q~| and what rounding may add for each unit of |y~|
    std::int32_t offset;  // 128 times the sum of the codes
};

struct Kernels {
    const char* processor;
    void (*solve)(const Rows&, const Effort&, const std::int64_t* order, std::int64_t n, float* solutions,
                  float* scratch);
    double (*observed_loss)(const Rows&, std::int64_t row, const float* solution);
    void (*scan)(const ScanItems&, const ScanQuery&, const std::uint8_t* allowed, Best& best);
    void (*scan_places)(const ScanItems&, const ScanQuery&, const std::int32_t* places, std::int64_t n,
                        Best& best);
    void (*row_products)(const float* factors, std::int32_t width, const float* vector, const std::int32_t* rows,
                         std::int64_t n, float* products);
};

constexpr std::int32_t WIDTH_UNIT = 16;   // widths are multiples of it
constexpr std::int32_t SCRATCH_ROWS = 5;  // vectors of `width` that `solve` needs
constexpr std::int32_t BLOCK = 16;        // items that are scanned together

// What scratch is made of: a cache line, as loads that straddle two cost twice.
struct alignas(64) Line {
    float floats[WIDTH_UNIT];
};

extern const Kernels baseline_kernels;
#ifdef ALSOBOUGHT_MULTIVERSIONED
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

}  // namespace alsobought
