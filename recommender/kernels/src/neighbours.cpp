#include "neighbours.h"

#include <algorithm>
#include <limits>

namespace alsobought {

Neighbours::Neighbours(const Incidence& pairs, std::int64_t most)
    : pairs_(pairs), most_(static_cast<std::size_t>(most)), sums_(static_cast<std::size_t>(pairs.n_items)),
      shared_(static_cast<std::size_t>(pairs.n_items)) {}

const std::vector<Neighbour>& Neighbours::of(std::int64_t item) {
    for (std::int64_t place = pairs_.item_indptr[item]; place < pairs_.item_indptr[item + 1]; ++place) {
        const std::int32_t user = pairs_.users[place];
        const double value = pairs_.by_item[place] * pairs_.user_weights[user];
        for (std::int64_t other = pairs_.user_indptr[user]; other < pairs_.user_indptr[user + 1]; ++other) {
            const auto j = static_cast<std::size_t>(pairs_.items[other]);
            if (shared_[j]++ == 0) met_.push_back(pairs_.items[other]);
            sums_[j] += value * pairs_.by_user[other];
        }
    }
    found_.clear();
    for (const std::int32_t other : met_) {
        const auto j = static_cast<std::size_t>(other);
        const double support = shared_[j];
        const double score =
            sums_[j] * pairs_.item_weights[j] * pairs_.item_weights[item] * (support / (support + pairs_.shrinkage));
        if (other != item && score >= std::numeric_limits<float>::min()) found_.push_back({score, other, shared_[j]});
        sums_[j] = 0;
        shared_[j] = 0;
    }
    met_.clear();
    const auto better = [](const Neighbour& a, const Neighbour& b) {
        return a.score > b.score || (a.score == b.score && a.item < b.item);
    };
    if (found_.size() > most_) {
        std::nth_element(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(most_), found_.end(), better);
        found_.resize(most_);
    }
    std::sort(found_.begin(), found_.end(), better);
    return found_;
}

}  // namespace alsobought
