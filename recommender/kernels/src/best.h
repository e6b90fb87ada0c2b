// The best k items of a search so far: a heap with the worst on top.

#pragma once

#include <cmath>
#include <cstdint>

namespace alsobought {

struct Found {
    float score;
    std::int32_t number;
};

class Best {
  public:
    Best(Found* room, std::int32_t k) : found_(room), k_(k) {}

    // What an item must score to be among the best.
    float least() const { return n_ < k_ ? -INFINITY : found_[0].score; }

    // Takes an item in if it is among the best; of equal scores the smaller number wins.
    void offer(Found item);

    // Puts the items in order, best first, and returns how many there are.
    std::int32_t sort();

  private:
    Found* found_;
    std::int32_t k_;
    std::int32_t n_ = 0;
};

}  // namespace alsobought
