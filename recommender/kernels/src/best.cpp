#include "best.h"

#include <algorithm>

namespace alsobought {

static bool better(Found a, Found b) { return a.score > b.score || (a.score == b.score && a.number < b.number); }

void Best::offer(Found item) {
    if (std::isnan(item.score)) return;  // has no place in an order
    if (n_ < k_) {
        found_[n_++] = item;
        std::push_heap(found_, found_ + n_, better);
    } else if (better(item, found_[0])) {
        std::pop_heap(found_, found_ + k_, better);
        found_[k_ - 1] = item;
        std::push_heap(found_, found_ + k_, better);
    }
}

std::int32_t Best::sort() {
    std::sort(found_, found_ + n_, better);
    return n_;
}

}  // namespace alsobought
