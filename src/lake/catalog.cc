// SPDX-License-Identifier: MIT
#include "lake/catalog.h"

#include <charconv>

#include "base/check.h"

namespace duckpond {

Catalog::Catalog() : places(std::make_shared<const std::map<Uuid, RelationPlace>>()) {
  auto main = std::make_shared<Schema>();
  main->def.name = "main";
  schemas["main"] = std::move(main);
}

SchemaPtr Catalog::FindSchema(std::string_view schema) const {
  const auto found = schemas.find(FoldName(schema));
  return found == schemas.end() ? nullptr : found->second;
}

TablePtr Catalog::FindTable(std::string_view schema, std::string_view table) const {
  const SchemaPtr in = FindSchema(schema);
  if (in == nullptr) return nullptr;
  const auto found = in->tables.find(FoldName(table));
  return found == in->tables.end() ? nullptr : found->second;
}

TablePtr Catalog::FindTable(const Uuid& id) const {
  const auto place = places->find(id);
  if (place == places->end()) return nullptr;
  const auto schema = schemas.find(place->second.schema);
  DCHECK(schema != schemas.end());  // A schema that still has relations is not dropped.
  if (schema == schemas.end()) return nullptr;
  const auto found = schema->second->tables.find(place->second.name);
  return found == schema->second->tables.end() ? nullptr : found->second;
}

std::shared_ptr<const ViewDef> Catalog::FindView(std::string_view schema,
                                                 std::string_view view) const {
  const SchemaPtr in = FindSchema(schema);
  if (in == nullptr) return nullptr;
  const auto found = in->views.find(FoldName(view));
  return found == in->views.end() ? nullptr : found->second;
}

uint64_t Catalog::NumberOption(std::string_view name, uint64_t otherwise) const {
  const auto found = options.find(std::string(name));
  if (found == options.end()) return otherwise;
  const std::string& text = found->second;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

}  // namespace duckpond
