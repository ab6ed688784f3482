/// What stages hand on in memory: one value of each type.
#pragma once

#include <map>
#include <memory>
#include <typeindex>
#include <utility>

namespace kith::run {

/// A stage puts what it leaves, and the stage that reads it gets it by its type.
class Outputs {
 public:
  Outputs() = default;
  Outputs(Outputs&&) = default;
  Outputs(const Outputs&) = delete;

  template <class T>
  [[nodiscard]] bool has() const {
    return values_.contains(typeid(T));
  }
  /// The value, which is there.
  template <class T>
  [[nodiscard]] T& get() {
    return *static_cast<T*>(values_.at(typeid(T)).get());
  }
  template <class T>
  [[nodiscard]] const T& get() const {
    return *static_cast<const T*>(values_.at(typeid(T)).get());
  }
  /// In place of the one before.
  template <class T>
  void put(T value) {
    values_[typeid(T)] = std::make_shared<T>(std::move(value));
  }
  template <class T>
  void drop() {
    values_.erase(typeid(T));
  }

 private:
  std::map<std::type_index, std::shared_ptr<void>> values_;
};

}  // namespace kith::run
