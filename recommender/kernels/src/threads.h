// Sharing rows among threads.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace alsobought {

// How many of `threads` find work where n rows are handed out `share` at a time.
inline int useful_threads(std::int64_t n, int threads, std::int64_t share) {
    if (threads < 1) throw std::invalid_argument("threads must be above 0");
    return static_cast<int>(std::clamp<std::int64_t>((n + share - 1) / share, 1, threads));
}

// Calls work(begin, end, thread) for parts of [0, n), `share` at a time, until all are done; the caller is thread 0. What
// `work` throws ends all of it and comes back to the caller.
template <class Work>
void in_parallel(std::int64_t n, int threads, std::int64_t share, Work work) {
    const int useful = useful_threads(n, threads, share);
    std::atomic<std::int64_t> next{0};
    std::mutex failing;
    std::exception_ptr failure;
    const auto take = [&](int thread) {
        try {
            for (std::int64_t begin; (begin = next.fetch_add(share)) < n;) {
                work(begin, std::min(begin + share, n), thread);
            }
        } catch (...) {
            const std::lock_guard<std::mutex> guard(failing);
            failure = std::current_exception();
            next = n;
        }
    };
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(useful - 1));
    try {
        for (int thread = 1; thread < useful; ++thread) others.emplace_back(take, thread);
    } catch (const std::system_error&) {  // the system allows no more of them: fewer do the same
    }
    take(0);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace alsobought
