#include "dense.h"

#include <pybind11/pybind11.h>

#include <cstring>
#include <vector>

#include "threads.h"

namespace alsobought {
namespace {

constexpr std::int64_t ROWS_AT_ONCE = 2048;

// BLAS counts by columns, so it sees the transpose of every matrix here.
struct Blas {
    void (*trmm)(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
                 const float* alpha, const float* a, const int* lda, float* b, const int* ldb);
    void (*gemm)(const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha,
                 const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
                 const int* ldc);
};

Blas blas{};

template <class Routine>
void fetch(const pybind11::dict& routines, const char* name, Routine& routine) {
    const auto capsule = pybind11::reinterpret_borrow<pybind11::capsule>(routines[name]);
    routine = reinterpret_cast<Routine>(capsule.get_pointer<void>());
}

template <class Work>
void in_blocks(std::int64_t rows, int threads, Work work) {
    const std::int64_t blocks = (rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    in_parallel(blocks, threads, 1, [&](std::int64_t block, std::int64_t, int) {
        const std::int64_t first = block * ROWS_AT_ONCE;
        work(block, first, static_cast<int>(std::min(ROWS_AT_ONCE, rows - first)));
    });
}

}  // namespace

void load_blas() {
    if (blas.trmm != nullptr) return;
    const auto module = pybind11::module_::import("scipy.linalg.cython_blas");
    const pybind11::dict routines = module.attr("__pyx_capi__");
    fetch(routines, "strmm", blas.trmm);
    fetch(routines, "sgemm", blas.gemm);
}

void multiply_by_triangle(float* tall, std::int64_t rows, int width, const float* lower, int threads) {
    in_blocks(rows, threads, [&](std::int64_t, std::int64_t first, int n) {
        const float one = 1;
        blas.trmm("L", "U", "T", "N", &width, &n, &one, lower, &width, tall + first * width, &width);
    });
}

void multiply(float* tall, std::int64_t rows, int width, const float* square, int threads) {
    in_blocks(rows, threads, [&](std::int64_t, std::int64_t first, int n) {
        const float one = 1, zero = 0;
        const auto size = static_cast<std::size_t>(n) * static_cast<std::size_t>(width);
        const std::vector<float> before(tall + first * width, tall + first * width + size);
        blas.gemm("N", "N", &width, &n, &width, &one, square, &width, before.data(), &width, &zero,
                  tall + first * width, &width);
    });
}

}  // namespace alsobought
