#include "propagate/gradient_kernel.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "propagate/gradient_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "propagate/kernel.hpp"
#include "propagate/neighbor_sums-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::propagate::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<double, kColumnBlock / 2>;
using Vector = hn::Vec<Tag>;

void MultiplyRows(const ProductArguments& a, Count begin, Count end) {
  const Tag tag;
  for (Count row = begin; row < end; ++row) {
    double* to = a.product + row * a.stride;
    sum_all_neighbors(tag, a, row,
                      [&](Vector sum, Count column) { hn::StoreU(sum, tag, to + column); });
  }
}

/// Adds a term: what of it is a multiple of the coarse unit to high, the nearest multiple of the
/// fine unit to the rest to low.
HWY_INLINE void fold(Vector term, FoldedSums::Chunk& sums, Count column) {
  const Tag tag;
  const auto at = static_cast<std::size_t>(column);
  const Vector coarse = hn::LoadU(tag, sums.coarse + at);
  const Vector fine = hn::LoadU(tag, sums.fine + at);
  const Vector high = hn::Sub(hn::Add(term, coarse), coarse);
  const Vector low = hn::Sub(hn::Add(hn::Sub(term, high), fine), fine);
  hn::StoreU(hn::Add(hn::LoadU(tag, &sums.high[at]), high), tag, &sums.high[at]);
  hn::StoreU(hn::Add(hn::LoadU(tag, &sums.low[at]), low), tag, &sums.low[at]);
}

HWY_INLINE void keep_largest(Vector value, double* largest) {
  const Tag tag;
  hn::StoreU(hn::Max(hn::LoadU(tag, largest), hn::Abs(value)), tag, largest);
}

void FormQRow(const GradientRow& row, const double* decay, FoldedSums::Chunk& sums,
              double* largest) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count column = 0; column < row.stride; column += lanes) {
    const Vector diagonal = hn::LoadU(tag, row.diagonal + column);
    const Vector p = hn::LoadU(tag, row.p + column);
    const Vector sum = hn::Mul(hn::LoadU(tag, decay + column), hn::LoadU(tag, row.q + column));
    const Vector q =
        hn::IfThenElseZero(hn::Gt(diagonal, hn::Zero(tag)), hn::Sub(hn::Mul(diagonal, p), sum));
    hn::StoreU(q, tag, row.q + column);
    fold(hn::Mul(p, q), sums, column);
    keep_largest(q, largest + column);
  }
}

void UpdateXRRow(const GradientRow& row, const double* alpha, FoldedSums::Chunk& sums,
                 double* largest) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count column = 0; column < row.stride; column += lanes) {
    const Vector alpha_of = hn::LoadU(tag, alpha + column);
    const Vector p = hn::LoadU(tag, row.p + column);
    const Vector q = hn::LoadU(tag, row.q + column);
    const Vector x = hn::Add(hn::LoadU(tag, row.x + column), hn::Mul(alpha_of, p));
    hn::StoreU(x, tag, row.x + column);
    const Vector r = hn::Sub(hn::LoadU(tag, row.r + column), hn::Mul(alpha_of, q));
    hn::StoreU(r, tag, row.r + column);
    const Vector square = hn::Mul(r, r);
    fold(hn::Mul(square, hn::LoadU(tag, row.diagonal + column)), sums, column);
    keep_largest(r, largest + column);
  }
}

void UpdatePRow(const GradientRow& row, const double* beta, double* largest) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count column = 0; column < row.stride; column += lanes) {
    const Vector r = hn::LoadU(tag, row.r + column);
    const Vector before = hn::LoadU(tag, row.p + column);
    const Vector p = hn::Add(hn::Mul(r, hn::LoadU(tag, row.diagonal + column)),
                             hn::Mul(hn::LoadU(tag, beta + column), before));
    hn::StoreU(p, tag, row.p + column);
    keep_largest(p, largest + column);
  }
}

}  // namespace kith::propagate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::propagate {
namespace {

// Below it the fine unit would be denormal; terms that small are 0 for all purposes.
constexpr int kSmallestExponent = -900;
constexpr int kBits = 40;

}  // namespace

HWY_EXPORT(MultiplyRows);
HWY_EXPORT(FormQRow);
HWY_EXPORT(UpdateXRRow);
HWY_EXPORT(UpdatePRow);

void multiply_rows(const ProductArguments& arguments, Count begin, Count end) {
  HWY_DYNAMIC_DISPATCH(MultiplyRows)(arguments, begin, end);
}

void form_q_row(const GradientRow& row, const double* decay, FoldedSums::Chunk& sums,
                double* largest) {
  HWY_DYNAMIC_DISPATCH(FormQRow)(row, decay, sums, largest);
}

void update_x_r_row(const GradientRow& row, const double* alpha, FoldedSums::Chunk& sums,
                    double* largest) {
  HWY_DYNAMIC_DISPATCH(UpdateXRRow)(row, alpha, sums, largest);
}

void update_p_row(const GradientRow& row, const double* beta, double* largest) {
  HWY_DYNAMIC_DISPATCH(UpdatePRow)(row, beta, largest);
}

FoldedSums::FoldedSums(std::span<const double> bounds) : parts_(2 * bounds.size()) {
  for (const double bound : bounds) {
    int exponent = 0;
    (void)std::frexp(bound * 1.0001, &exponent);  // the bound itself was rounded
    exponent = bound > 0 ? std::max(exponent, kSmallestExponent) : kSmallestExponent;
    exponents_.push_back(exponent);
    // x + 1.5 * 2^(52 + u) - 1.5 * 2^(52 + u) is x rounded to a multiple of 2^u.
    coarse_.push_back(std::ldexp(1.5, 52 + exponent - kBits));
    fine_.push_back(std::ldexp(1.5, 52 + exponent - 2 * kBits - 1));
  }
}

FoldedSums::Chunk FoldedSums::chunk() const {
  return {coarse_.data(), fine_.data(), std::vector<double>(coarse_.size(), 0.0),
          std::vector<double>(coarse_.size(), 0.0)};
}

void FoldedSums::add(const Chunk& chunk) {
  for (std::size_t column = 0; column < exponents_.size(); ++column) {
    parts_[2 * column].add(std::ldexp(chunk.high[column], -exponents_[column]));
    parts_[2 * column + 1].add(std::ldexp(chunk.low[column], kBits + 1 - exponents_[column]));
  }
}

std::vector<double> FoldedSums::values() const {
  std::vector<double> values;
  for (std::size_t column = 0; column < exponents_.size(); ++column) {
    values.push_back(std::ldexp(parts_[2 * column].value(), exponents_[column]) +
                     std::ldexp(parts_[2 * column + 1].value(), exponents_[column] - kBits - 1));
  }
  return values;
}

}  // namespace kith::propagate
#endif
