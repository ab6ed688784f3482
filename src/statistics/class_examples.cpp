#include "statistics/class_examples.hpp"

#include <algorithm>
#include <tuple>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"

namespace kith::statistics {

ClassExamples::Shown ClassExamples::choose(const RunResults& run, float sign) {
  constexpr Count kOfEach = 6;
  const ItemColumns& items = run.items;
  const int num_classes = std::min(run.num_classes(), kMostClasses);
  std::vector<comm::Candidate> candidates;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::int32_t best = items.unseeded_best(i);
    if (best >= 0 && best < num_classes && !items.is(i, ensemble::Status::duplicate)) {
      candidates.push_back(
          {sign * items.margin[i], best, items.block.begin.value() + static_cast<Count>(i)});
      places.push_back(i);
    }
  }
  const std::vector<Count> wanted(to_size(num_classes), kOfEach);
  const auto chosen = comm::choose_smallest(run.comm, candidates, wanted, run.seed);
  std::vector<Example> mine;
  for (std::size_t c = 0; c < places.size(); ++c) {
    if (chosen[c] != 0) {
      const std::size_t i = places[c];
      mine.push_back({candidates[c].id, items.best[i], items.probability[i], items.margin[i]});
    }
  }
  Shown shown;
  shown.examples = comm::gather_to_all<Example>(run.comm, mine).items;
  std::sort(shown.examples.begin(), shown.examples.end(), [&](const Example& a, const Example& b) {
    return std::tuple{a.best, sign * a.margin, a.row} < std::tuple{b.best, sign * b.margin, b.row};
  });
  std::vector<Count> rows;
  for (const Example& example : shown.examples) {
    rows.push_back(example.row);
  }
  shown.previews = review::previews_of(run.comm, run.corpus, run.corpus_config, rows);
  return shown;
}

void ClassExamples::compute(const RunResults& run, const Computed& /*earlier*/) {
  if (review::has_previews(run.corpus_config)) {
    typical_ = choose(run, -1);
    unsure_ = choose(run, 1);
  }
}

io::Json ClassExamples::json_of(const Shown& shown, std::int32_t label) {
  io::Json items = io::Json::array();
  for (std::size_t i = 0; i < shown.examples.size(); ++i) {
    const Example& example = shown.examples[i];
    if (example.best == label) {
      items.push_back({{"row", example.row}, {"probability", example.probability}});
      review::add_preview(shown.previews[i], items.back());
    }
  }
  return items;
}

io::Json ClassExamples::json(const RunResults& run, const Computed& /*all*/) const {
  if (typical_.examples.empty()) {
    return nullptr;
  }
  io::Json json = io::Json::array();
  for (std::int32_t k = 0; k < std::min(run.num_classes(), kMostClasses); ++k) {
    json.push_back({{"class", run.corpus.class_names[to_size(k)]},
                    {"typical", json_of(typical_, k)},
                    {"unsure", json_of(unsure_, k)}});
  }
  return json;
}

}  // namespace kith::statistics
