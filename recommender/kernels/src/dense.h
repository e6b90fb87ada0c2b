// Products of tall matrices, (rows, width), with small ones, (width, width), in place: by the BLAS that SciPy ships, blocks
// of rows shared among threads; BLAS itself must be held to one.

#pragma once

#include <cstdint>

namespace alsobought {

// Fetches the routines from SciPy; needs the interpreter, so call it before letting go of the lock.
void load_blas();

// tall = tall lower', where `lower` holds zeros above its diagonal.
void multiply_by_triangle(float* tall, std::int64_t rows, int width, const float* lower, int threads);

// tall = tall square.
void multiply(float* tall, std::int64_t rows, int width, const float* square, int threads);

}  // namespace alsobought
