// qa: corpus-level statistics of the run. qa.h5 holds tables, report.json every number, report.html
// shows it.
#include <algorithm>
#include <array>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/log.hpp"
#include "kith/io/files.hpp"
#include "kith/io/output_file.hpp"
#include "kith/qa/acceptance.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/member_trace.hpp"
#include "pipeline/qa_rows.hpp"
#include "pipeline/report_builder.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

constexpr int kBins = 20;

/// Collective. Equal bins over [0, top]; the last one holds what is above.
Histogram histogram(const comm::Communicator& comm, std::span<const float> values, double top) {
  Histogram result;
  result.counts.assign(kBins, 0);
  for (int edge = 0; edge <= kBins; ++edge) {
    result.edges.push_back(top * edge / kBins);
  }
  for (const float value : values) {
    const auto bin = static_cast<int>(double{value} / top * kBins);
    ++result.counts[to_size(std::clamp(bin, 0, kBins - 1))];
  }
  comm::sum_over_ranks(comm, result.counts);
  return result;
}

/// Collective. Items by status and by best class.
void count_items(const Workspace& workspace, const QaRows& rows, Findings& findings) {
  findings.status_counts.assign(ensemble::kNumStatuses, 0);
  findings.class_counts.assign(to_size(workspace.num_classes()), 0);
  for (std::size_t i = 0; i < rows.best.size(); ++i) {
    ++findings.status_counts[rows.status[i]];
    if (rows.best[i] >= 0) {
      ++findings.class_counts[to_size(rows.best[i])];
    }
  }
  comm::sum_over_ranks(workspace.comm, findings.status_counts);
  comm::sum_over_ranks(workspace.comm, findings.class_counts);
}

/// Collective. Confusions against gold: of the consensus, of its auto labels, of every member.
void measure_gold(const Workspace& workspace, const QaRows& rows, Findings& findings) {
  if (comm::sum_over_ranks(workspace.comm, count_of(rows.gold)) == 0) {
    return;
  }
  std::vector<Label> best;
  std::vector<Label> automatic;
  for (std::size_t i = 0; i < rows.gold.size(); ++i) {
    best.emplace_back(rows.best[i]);
    const bool is_auto = rows.is(i, ensemble::Status::automatic);
    automatic.emplace_back(is_auto ? rows.best[i] : -1);
  }
  const auto confusion = [&](std::span<const Label> stated) {
    qa::Confusion counts{workspace.num_classes()};
    counts.add_all(rows.gold, stated);
    counts.sum_over(workspace.comm);
    return counts;
  };
  findings.gold = confusion(best);
  findings.gold_auto = confusion(automatic);
  const std::size_t num_members = workspace.members.size();
  for (std::size_t m = 0; m < num_members; ++m) {
    std::vector<Label> votes;
    for (std::size_t i = 0; i < rows.gold.size(); ++i) {
      votes.emplace_back(rows.votes[i * num_members + m]);
    }
    findings.gold_members.push_back(confusion(votes));
  }
}

/// Accuracy on the held-out seeds: the same on every rank, nothing to reduce.
void measure_held_out(const Workspace& workspace, Findings& findings) {
  findings.judged = ensemble::judge_held_out(workspace.folded, workspace.members,
                                             workspace.consensus->class_factors);
  const auto confusion = [&](std::span<const Label> stated) {
    qa::Confusion counts{workspace.num_classes()};
    counts.add_all(findings.judged.truth, stated);
    return counts;
  };
  findings.held_out = confusion(findings.judged.consensus);
  for (const std::vector<Label>& votes : findings.judged.member_votes) {
    findings.held_out_members.push_back(confusion(votes));
  }
}

/// Collective. The items of status review that the members are most at odds about.
void choose_review(const Workspace& workspace, const QaRows& rows, Findings& findings) {
  std::vector<ReviewItem> mine;
  for (std::size_t i = 0; i < rows.best.size(); ++i) {
    const auto status = static_cast<ensemble::Status>(rows.status[i]);
    if (status == ensemble::Status::review || status == ensemble::Status::abstain ||
        status == ensemble::Status::outlier) {
      mine.push_back({rows.block.begin.value() + static_cast<Count>(i), rows.best[i],
                      rows.status[i], rows.probability[i], rows.vote_entropy[i], rows.bald[i],
                      rows.margin[i]});
    }
  }
  const auto before = [](const ReviewItem& a, const ReviewItem& b) {
    return a.bald != b.bald ? a.bald > b.bald : a.row < b.row;
  };
  const auto wanted = to_size(workspace.config.qa.review_items);
  const auto keep_first = [&](std::vector<ReviewItem>& items) {
    std::sort(items.begin(), items.end(), before);
    items.resize(std::min(items.size(), wanted));
  };
  keep_first(mine);
  findings.review = comm::gather_to_all<ReviewItem>(workspace.comm, mine).items;
  keep_first(findings.review);
}

/// Collective. Thresholds from the audit where it is large enough for the mildest error, else from
/// the held-out seeds.
Acceptance accept(const Workspace& workspace, const AcceptRows& rows, const Findings& findings) {
  const std::vector<double> errors = qa::parse_errors(workspace.config.qa.accept_errors);
  const Count fewest =
      errors.empty()
          ? 0
          : qa::acceptance_items(errors.back(), 1 - workspace.config.qa.accept_confidence);
  if (findings.audit && findings.audit->answered >= fewest) {
    return measure_acceptance(workspace, rows, findings.audit->items, "the audit");
  }
  return measure_acceptance(workspace, rows, held_out_items(findings.judged), "held-out seeds");
}

/// Collective. A table of K x (K + 1); with many classes the pairs that occur instead.
void write_confusion(io::OutputFile& file, const std::string& name,
                     const qa::Confusion& confusion) {
  std::vector<Count> flat;
  if (confusion.num_classes() > qa::kTableClasses) {
    for (const qa::ConfusionCount& count : confusion.counts()) {
      flat.insert(flat.end(), {count.truth.value(), count.stated.value(), count.items});
    }
    file.write_whole<Count>(name, flat, {count_of(flat) / 3, 3});
    file.set_attribute(name, "columns", std::string{"true class,stated class,items"});
    return;
  }
  for (const std::vector<Count>& row : confusion.table()) {
    flat.insert(flat.end(), row.begin(), row.end());
  }
  file.write_whole<Count>(name, flat, {confusion.num_classes(), confusion.num_classes() + 1});
}

void write_tables(const Workspace& workspace, const AcceptRows& accept_rows,
                  const Findings& findings) {
  const Count num_classes = workspace.num_classes();
  auto file = io::OutputFile::create(workspace.comm, workspace.path("qa.h5"));
  write_confusion(file, "/confusion/held_out", findings.held_out);
  if (findings.gold) {
    write_confusion(file, "/confusion/gold", *findings.gold);
    write_confusion(file, "/confusion/gold_auto", findings.gold_auto);
  }
  write_votes(file, workspace, findings.votes);
  for (const ensemble::Member& member : workspace.members) {
    if (member.source == ensemble::Source::graph) {
      write_trace(file, "/convergence/" + member.config.name, member.result, num_classes);
    }
  }
  write_seed_check(file, findings.seeds);
  write_acceptance(file, accept_rows, findings.acceptance, workspace.corpus.num_items);
  write_slices(file, findings.slices);
  write_balance(file, workspace, accept_rows.block, findings.balance);
  write_values(file, workspace, accept_rows.block, findings.values);
  file.commit();
}

}  // namespace

void do_qa(Workspace& workspace) {
  need_consensus(workspace);
  const comm::Communicator& comm = workspace.comm;
  const QaRows rows = collect_rows(workspace);
  comm::stop_if_asked(comm);
  Findings findings;
  count_items(workspace, rows, findings);
  findings.probability = histogram(comm, rows.probability, 1.0);
  const double most_classes =
      std::min<double>(workspace.num_classes(), static_cast<double>(workspace.members.size()));
  findings.vote_entropy = histogram(comm, rows.vote_entropy, std::log(std::max(2.0, most_classes)));
  findings.bald = histogram(comm, rows.bald, std::log(std::max(2.0, most_classes)));
  findings.margin = histogram(comm, rows.margin, 1.0);
  comm::stop_if_asked(comm);
  findings.votes = measure_votes(workspace, rows);
  comm::stop_if_asked(comm);
  measure_gold(workspace, rows, findings);
  measure_held_out(workspace, findings);
  choose_review(workspace, rows, findings);
  comm::stop_if_asked(comm);
  findings.seeds = check_seeds(workspace, findings.judged);
  const std::vector<std::int32_t> countable = unseeded_best(rows);
  const AcceptRows accept_rows{rows.block, countable, rows.probability};
  findings.audit = measure_audit(workspace, {rows.block, countable, rows.probability});
  findings.acceptance = accept(workspace, accept_rows, findings);
  const KnownRows known =
      known_rows(workspace, rows, findings.audit, findings.seeds, findings.judged);
  comm::stop_if_asked(comm);
  findings.without_gold = measure_without_gold(workspace, rows, findings.votes, findings.judged);
  comm::stop_if_asked(comm);
  findings.slices = measure_slices(workspace, rows, known);
  findings.balance = measure_balance(workspace, rows, known, findings.audit);
  comm::stop_if_asked(comm);
  findings.values = measure_values(workspace, rows);
  comm::stop_if_asked(comm);
  write_tables(workspace, accept_rows, findings);
  write_report(workspace, findings);
}

}  // namespace kith::pipeline
