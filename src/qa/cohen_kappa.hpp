/// Cohen's kappa of every pair of voters, from the sums of agreement.
#pragma once

#include <vector>

#include "kith/core/exact_sum.hpp"
#include "kith/qa/agreement.hpp"

#include "agreement_totals.hpp"

namespace kith::qa {

/// One sum a pair over the rows on which both vote: the squared influence of an item on (1 -
/// agreement) / (1 - chance), from these rows with the margins of `totals`.
[[nodiscard]] std::vector<ExactSum> square_pair_influences(const VoteRows& rows,
                                                           const AgreementTotals& totals);

/// With the large-sample interval of J. Fleiss, J. Cohen, B. Everitt, Psychological Bulletin 72,
/// 1969: the shorter formula that leaves out the margins' own variance is too wide.
[[nodiscard]] PairAgreement compare_pair(const PairTotals& totals, double squares, int first,
                                         int second);

}  // namespace kith::qa
