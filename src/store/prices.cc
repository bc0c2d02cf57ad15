// SPDX-License-Identifier: MIT
#include "store/prices.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "net/http_settings.h"

namespace duckpond {
namespace {

constexpr std::string_view kAnyRegion = "*";
constexpr double kBytesPerGb = 1e9;
constexpr double kRequestsPerPrice = 1e6;
constexpr std::string_view kBuiltIn =
#include "store/prices.inc"
    ;

double UnitsOf(uint64_t bytes, uint64_t unit_bytes) {
  if (unit_bytes == 0) return 1;
  return static_cast<double>(std::max<uint64_t>((bytes + unit_bytes - 1) / unit_bytes, 1));
}

struct Field {
  std::string_view name;
  double Prices::* value;
  double per;
};
constexpr std::array<Field, 6> kFields = {{{"put", &Prices::put, kRequestsPerPrice},
                                           {"get", &Prices::get, kRequestsPerPrice},
                                           {"list", &Prices::list, kRequestsPerPrice},
                                           {"read", &Prices::read_gb, 1},
                                           {"write", &Prices::write_gb, 1},
                                           {"space", &Prices::space_gb_month, 1}}};
struct UnitField {
  std::string_view name;
  uint64_t Prices::* value;
};
constexpr std::array<UnitField, 2> kUnitFields = {
    {{"put_bytes", &Prices::put_unit_bytes}, {"get_bytes", &Prices::get_unit_bytes}}};

// Whether `name` is a price and `value` one that may be asked for.
bool SetPrice(Prices& prices, std::string_view name, simdjson::dom::element value) {
  for (const Field& field : kFields) {
    if (field.name != name) continue;
    double price = 0;
    if (value.get(price) != simdjson::SUCCESS || price < 0) return false;
    prices.*field.value = price / field.per;
    return true;
  }
  for (const UnitField& field : kUnitFields) {
    if (field.name != name) continue;
    return value.get(prices.*field.value) == simdjson::SUCCESS;
  }
  return false;
}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.good() && !file.eof()) {
    return Status::Invalid(fmt::format("the price list {} cannot be read", path));
  }
  return text;
}

Result<PriceList> LoadProcess() {
  const auto path = ProcessEnvironment("DUCKPOND_PRICES");
  if (!path) return PriceList::BuiltIn();
  ASSIGN_OR_RETURN(const std::string text, ReadText(*path));
  ASSIGN_OR_RETURN(PriceList list, PriceList::Parse(text, *path));
  list.Append(PriceList::BuiltIn());
  return list;
}

}  // namespace

double Prices::OfGet(uint64_t bytes) const {
  return get * UnitsOf(bytes, get_unit_bytes) + read_gb * static_cast<double>(bytes) / kBytesPerGb;
}

double Prices::OfPut(uint64_t bytes) const {
  return put * UnitsOf(bytes, put_unit_bytes) + write_gb * static_cast<double>(bytes) / kBytesPerGb;
}

Result<PriceList> PriceList::Parse(std::string_view json, const std::string& source) {
  simdjson::dom::parser parser;
  simdjson::dom::array rows;
  const simdjson::padded_string padded(json);
  if (parser.parse(padded)["prices"].get(rows) != simdjson::SUCCESS) {
    return Status::Invalid(fmt::format(
        "{} is no price list: expected {{\"prices\": [{{\"store\": …, \"region\": …, …}}]}}",
        source));
  }
  PriceList list;
  for (const simdjson::dom::element row : rows) {
    Entry entry;
    simdjson::dom::object fields;
    const std::string place = fmt::format("{}, entry {}", source, list.entries_.size() + 1);
    if (row.get(fields) != simdjson::SUCCESS) {
      return Status::Invalid(fmt::format("{} is no object", place));
    }
    for (const auto [name, value] : fields) {
      std::string_view text;
      const bool names = name == "store" || name == "region";
      const bool known =
          names ? value.get(text) == simdjson::SUCCESS : SetPrice(entry.prices, name, value);
      if (!known) return Status::Invalid(fmt::format("{}: \"{}\" is no price", place, name));
      if (names) (name == "store" ? entry.store : entry.region) = text;
    }
    if (entry.store.empty() || entry.region.empty()) {
      return Status::Invalid(fmt::format("{} names no store or no region (\"*\": any)", place));
    }
    list.entries_.push_back(std::move(entry));
  }
  std::ranges::stable_partition(list.entries_,
                                [](const Entry& e) { return e.region != kAnyRegion; });
  return list;
}

PriceList PriceList::BuiltIn() {
  Result<PriceList> list = Parse(kBuiltIn, "the program's price list");
  CHECK(list.ok());
  return *std::move(list);
}

void PriceList::Append(PriceList more) {
  std::ranges::move(more.entries_, std::back_inserter(entries_));
}

const Result<PriceList>& PriceList::OfProcess() {
  static const auto* list = new Result<PriceList>(LoadProcess());
  return *list;
}

Prices PriceList::Of(std::string_view store, std::string_view region) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.store == store && (entry.region == region || entry.region == kAnyRegion);
  });
  return found == entries_.end() ? Prices{} : found->prices;
}

Prices PricesOf(std::string_view store, std::string_view region) {
  const Result<PriceList>& list = PriceList::OfProcess();
  return list.ok() ? list->Of(store, region) : Prices{};
}

}  // namespace duckpond
