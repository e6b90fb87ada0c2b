// Sharing rows among threads.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace alsobought {

// Calls work(begin, end, thread) for parts of [0, n), `share` at a time, until all are done; the caller is thread 0.
template <class Work>
void in_parallel(std::int64_t n, int threads, std::int64_t share, Work work) {
    std::atomic<std::int64_t> next{0};
    const auto take = [&](int thread) {
        for (std::int64_t begin; (begin = next.fetch_add(share)) < n;) work(begin, std::min(begin + share, n), thread);
    };
    const auto useful = static_cast<int>(std::clamp<std::int64_t>((n + share - 1) / share, 1, threads));
    std::vector<std::thread> others;
    for (int thread = 1; thread < useful; ++thread) others.emplace_back(take, thread);
    take(0);
    for (std::thread& other : others) other.join();
}

}  // namespace alsobought
