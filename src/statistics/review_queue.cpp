#include "statistics/review_queue.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"
#include "kith/review/previews.hpp"

namespace kith::statistics {

void ReviewQueue::compute(const RunResults& run, const Computed& /*earlier*/) {
  const ItemColumns& items = run.items;
  std::vector<ReviewItem> mine;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto status = static_cast<ensemble::Status>(items.status[i]);
    if (status == ensemble::Status::review || status == ensemble::Status::abstain ||
        status == ensemble::Status::outlier) {
      mine.push_back({items.block.begin.value() + static_cast<Count>(i), items.best[i],
                      items.status[i], items.probability[i], items.vote_entropy[i], items.bald[i],
                      items.margin[i]});
    }
  }
  const auto before = [](const ReviewItem& a, const ReviewItem& b) {
    return a.bald != b.bald ? a.bald > b.bald : a.row < b.row;
  };
  const auto keep_first = [&](std::vector<ReviewItem>& list) {
    std::sort(list.begin(), list.end(), before);
    list.resize(std::min(list.size(), to_size(run.config.review_items)));
  };
  keep_first(mine);
  items_ = comm::gather_to_all<ReviewItem>(run.comm, mine).items;
  keep_first(items_);
}

io::Json ReviewQueue::json(const RunResults& run, const Computed& /*all*/) const {
  std::vector<Count> rows;
  for (const ReviewItem& item : items_) {
    rows.push_back(item.row);
  }
  const auto previews = review::previews_of(run.comm, run.corpus, run.corpus_config, rows);
  io::Json review = io::Json::array();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const ReviewItem& item = items_[i];
    review.push_back({{"row", item.row},
                      {"label", run.corpus.class_names[to_size(item.best)]},
                      {"probability", item.probability},
                      {"status", to_string(static_cast<ensemble::Status>(item.status))},
                      {"vote_entropy", item.vote_entropy},
                      {"bald", item.bald},
                      {"margin", item.margin}});
    review::add_preview(previews[i], review.back());
  }
  return review;
}

}  // namespace kith::statistics
