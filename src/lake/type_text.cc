// SPDX-License-Identifier: MIT
#include "lake/type.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

struct ScalarName {
  TypeId id;
  std::string_view name;
};

// As DuckDB prints them. Every scalar type that is fully said by its name.
constexpr std::array kScalarNames = {
    ScalarName{TypeId::kBoolean, "BOOLEAN"},
    ScalarName{TypeId::kTinyint, "TINYINT"},
    ScalarName{TypeId::kSmallint, "SMALLINT"},
    ScalarName{TypeId::kInteger, "INTEGER"},
    ScalarName{TypeId::kBigint, "BIGINT"},
    ScalarName{TypeId::kHugeint, "HUGEINT"},
    ScalarName{TypeId::kUtinyint, "UTINYINT"},
    ScalarName{TypeId::kUsmallint, "USMALLINT"},
    ScalarName{TypeId::kUinteger, "UINTEGER"},
    ScalarName{TypeId::kUbigint, "UBIGINT"},
    ScalarName{TypeId::kUhugeint, "UHUGEINT"},
    ScalarName{TypeId::kFloat, "FLOAT"},
    ScalarName{TypeId::kDouble, "DOUBLE"},
    ScalarName{TypeId::kVarchar, "VARCHAR"},
    ScalarName{TypeId::kJson, "JSON"},
    ScalarName{TypeId::kBlob, "BLOB"},
    ScalarName{TypeId::kBit, "BIT"},
    ScalarName{TypeId::kBignum, "BIGNUM"},
    ScalarName{TypeId::kUuid, "UUID"},
    ScalarName{TypeId::kDate, "DATE"},
    ScalarName{TypeId::kTime, "TIME"},
    ScalarName{TypeId::kTimeNs, "TIME_NS"},
    ScalarName{TypeId::kTimeTz, "TIME WITH TIME ZONE"},
    ScalarName{TypeId::kTimestamp, "TIMESTAMP"},
    ScalarName{TypeId::kTimestampS, "TIMESTAMP_S"},
    ScalarName{TypeId::kTimestampMs, "TIMESTAMP_MS"},
    ScalarName{TypeId::kTimestampNs, "TIMESTAMP_NS"},
    ScalarName{TypeId::kTimestampTz, "TIMESTAMP WITH TIME ZONE"},
    ScalarName{TypeId::kInterval, "INTERVAL"},
    ScalarName{TypeId::kVariant, "VARIANT"},
};

// All but DECIMAL, ENUM, GEOMETRY and the five that have children.
static_assert(kScalarNames.size() == static_cast<size_t>(TypeId::kUnion) + 1 - 8);
// Words that DuckDB's grammar does not take as a member's name unless they are quoted.
constexpr std::string_view kKeywords =
    " "
    "all analyse analyze and anti any array as asc asof asymmetric at authorization "
    "binary both by case cast check collate collation column columns concurrently "
    "constraint create cross default deferrable desc describe distinct do else end "
    "except false fetch for foreign freeze from full generated glob group having ilike "
    "in initially inner intersect into is isnull join lambda lateral leading left like "
    "limit map natural not notnull null offset on only or order outer overlaps pivot "
    "pivot_longer pivot_wider placing positional primary qualify references returning "
    "right select semi show similar some struct summarize symmetric table tablesample "
    "then to trailing true try_cast union unique unpack unpivot using variadic verbose "
    "when where window with ";

constexpr size_t kUnionMembersMax = 256;  // The tag is one byte.

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) {
  return (Lower(c) >= 'a' && Lower(c) <= 'z') || c == '_' || static_cast<signed char>(c) < 0;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }

Type Scalar(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string MemberName(const std::string& name) {
  const bool plain =
      !name.empty() && !IsDigit(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '_';
      });
  if (plain && kKeywords.find(" " + name + " ") == kKeywords.npos) return name;
  return Quoted(name, '"');
}

// TypeParser: recursive descent over the text; `depth` counts down so that hostile nesting ends.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<Type> Whole() {
    ASSIGN_OR_RETURN(Type type, One(kTypeDepthMax));
    SkipSpace();
    if (at_ != text_.size()) return Wrong("the end");
    return type;
  }

 private:
  Status Wrong(std::string_view expected) const {
    constexpr size_t kShown = 40;
    const std::string_view rest = text_.substr(std::min(at_, text_.size()), kShown);
    return Status::Invalid("not a type: expected " + std::string(expected) + " at character " +
                           std::to_string(at_ + 1) + ", found '" + std::string(rest) + "'");
  }
  void SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view Word() {
    SkipSpace();
    const size_t start = at_;
    if (at_ < text_.size() && IsWordStart(text_[at_])) {
      while (at_ < text_.size() && IsWordPart(text_[at_])) ++at_;
    }
    return text_.substr(start, at_ - start);
  }
  Result<uint32_t> Number(uint32_t min, uint32_t max) {
    SkipSpace();
    uint64_t value = 0;
    const size_t start = at_;
    while (at_ < text_.size() && IsDigit(text_[at_]) && at_ - start < 9) {
      value = value * 10 + static_cast<uint64_t>(text_[at_++] - '0');
    }
    if (at_ == start || value < min || value > max) {
      return Wrong("a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return static_cast<uint32_t>(value);
  }
  Result<std::string> QuotedText(char quote) {
    if (!Take(quote)) return Wrong(std::string("a ") + quote);
    std::string text;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != quote) {
        text += c;
      } else if (at_ < text_.size() && text_[at_] == quote) {
        text += quote;
        ++at_;
      } else {
        return text;
      }
    }
    return Wrong(std::string("a closing ") + quote);
  }
  Result<std::string> Name() {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '"') {
      ASSIGN_OR_RETURN(std::string name, QuotedText('"'));
      if (name.empty()) return Wrong("a name that is not empty");
      return name;
    }
    const std::string_view word = Word();
    if (word.empty()) return Wrong("a member's name");
    return std::string(word);
  }

  Result<Type> One(int depth) {
    if (depth <= 0) return Status::Invalid("not a type: nested too deeply");
    ASSIGN_OR_RETURN(Type type, Base(depth));
    // Each suffix puts a level around what was read; what is inside has used some already.
    while (Take('[')) {
      Type outer = Scalar(TypeId::kList);
      if (!Take(']')) {
        outer.id = TypeId::kArray;
        ASSIGN_OR_RETURN(outer.array_size, Number(1, kArraySizeMax));
        if (!Take(']')) return Wrong("]");
      }
      outer.children.push_back(std::move(type));
      type = std::move(outer);
      if (Height(type) > depth) return Status::Invalid("not a type: nested too deeply");
    }
    return type;
  }

  static int Height(const Type& type) {
    int height = 0;
    for (const Type& child : type.children) height = std::max(height, Height(child));
    return height + 1;
  }

  Result<Type> Base(int depth) {
    std::string word;
    std::ranges::transform(Word(), std::back_inserter(word), Upper);
    if (word == "STRUCT" || word == "UNION") {
      return Members(word == "STRUCT" ? TypeId::kStruct : TypeId::kUnion, depth);
    }
    if (word == "MAP") return Map(depth);
    if (word == "ENUM") return Enum();
    if (word == "DECIMAL") return Decimal();
    if (word == "GEOMETRY") return Geometry();
    if ((word == "TIME" || word == "TIMESTAMP") && TakeZone()) word += " WITH TIME ZONE";
    for (const ScalarName& scalar : kScalarNames) {
      if (scalar.name == word) return Scalar(scalar.id);
    }
    if (word.empty()) return Wrong("the name of a type");
    return Status::Unsupported("the type " + word + " is not known to this program");
  }

  // WITH TIME ZONE, wholly or not at all.
  bool TakeZone() {
    const size_t start = at_;
    for (const std::string_view expected : {"WITH", "TIME", "ZONE"}) {
      const std::string_view word = Word();
      if (!std::ranges::equal(word, expected, {}, Upper)) {
        at_ = start;
        return false;
      }
    }
    return true;
  }

  Result<Type> Members(TypeId id, int depth) {
    Type type = Scalar(id);
    std::set<std::string> seen;
    if (!Take('(')) return Wrong("(");
    do {
      ASSIGN_OR_RETURN(std::string name, Name());
      std::string folded;
      std::ranges::transform(name, std::back_inserter(folded), Lower);
      if (!seen.insert(folded).second) return Wrong("another name than " + name);
      ASSIGN_OR_RETURN(Type child, One(depth - 1));
      type.names.push_back(std::move(name));
      type.children.push_back(std::move(child));
    } while (Take(','));
    if (!Take(')')) return Wrong(") or ,");
    if (id == TypeId::kUnion && type.names.size() > kUnionMembersMax) {
      return Wrong("at most 256 members of a union");
    }
    return type;
  }

  Result<Type> Map(int depth) {
    Type type = Scalar(TypeId::kMap);
    if (!Take('(')) return Wrong("(");
    ASSIGN_OR_RETURN(Type key, One(depth - 1));
    if (!Take(',')) return Wrong(",");
    ASSIGN_OR_RETURN(Type value, One(depth - 1));
    if (!Take(')')) return Wrong(")");
    type.children.push_back(std::move(key));
    type.children.push_back(std::move(value));
    return type;
  }

  Result<Type> Enum() {
    Type type = Scalar(TypeId::kEnum);
    std::set<std::string> seen;
    if (!Take('(')) return Wrong("(");
    do {
      ASSIGN_OR_RETURN(std::string label, QuotedText('\''));
      if (!seen.insert(label).second) return Wrong("another label than " + label);
      type.names.push_back(std::move(label));
    } while (Take(','));
    if (!Take(')')) return Wrong(") or ,");
    return type;
  }

  Result<Type> Decimal() {
    Type type = Scalar(TypeId::kDecimal);
    if (!Take('(')) return Wrong("(");
    ASSIGN_OR_RETURN(const uint32_t width, Number(1, 38));
    if (!Take(',')) return Wrong(",");
    ASSIGN_OR_RETURN(const uint32_t scale, Number(0, width));
    if (!Take(')')) return Wrong(")");
    type.width = static_cast<uint8_t>(width);
    type.scale = static_cast<uint8_t>(scale);
    return type;
  }

  Result<Type> Geometry() {
    Type type = Scalar(TypeId::kGeometry);
    if (!Take('(')) return type;
    ASSIGN_OR_RETURN(std::string system, QuotedText('\''));
    if (!Take(')')) return Wrong(")");
    type.names.push_back(std::move(system));
    return type;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string MembersToString(const Type& type) {
  CHECK(type.names.size() == type.children.size());
  std::string text;
  for (size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) text += ", ";
    text += MemberName(type.names[i]) + " " + type.children[i].ToString();
  }
  return "(" + text + ")";
}

std::string LabelsToString(const Type& type) {
  std::string text;
  for (const std::string& label : type.names) {
    if (!text.empty()) text += ", ";
    text += Quoted(label, '\'');
  }
  return "(" + text + ")";
}

}  // namespace

Result<Type> Type::Parse(std::string_view text) {
  if (text.size() > kTypeTextBytesMax) {
    return Status::Exhausted("a type has " + std::to_string(text.size()) +
                             " bytes of text; at most " + std::to_string(kTypeTextBytesMax) +
                             " are read");
  }
  return TypeParser(text).Whole();
}

std::string Type::ToString() const {
  switch (id) {
    case TypeId::kDecimal:
      return "DECIMAL(" + std::to_string(width) + "," + std::to_string(scale) + ")";
    case TypeId::kGeometry:
      return names.empty() ? "GEOMETRY" : "GEOMETRY(" + Quoted(names[0], '\'') + ")";
    case TypeId::kEnum:
      return "ENUM" + LabelsToString(*this);
    case TypeId::kList:
      CHECK(children.size() == 1);
      return children[0].ToString() + "[]";
    case TypeId::kArray:
      CHECK(children.size() == 1);
      return children[0].ToString() + "[" + std::to_string(array_size) + "]";
    case TypeId::kStruct:
      return "STRUCT" + MembersToString(*this);
    case TypeId::kUnion:
      return "UNION" + MembersToString(*this);
    case TypeId::kMap:
      CHECK(children.size() == 2);
      return "MAP(" + children[0].ToString() + ", " + children[1].ToString() + ")";
    default:
      break;
  }
  for (const ScalarName& scalar : kScalarNames) {
    if (scalar.id == id) return std::string(scalar.name);
  }
  CHECK(false);
}

}  // namespace duckpond
