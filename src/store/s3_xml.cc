// SPDX-License-Identifier: MIT
#include "store/s3_xml.h"

#include <charconv>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr int kDepthMax = 32;
// Far above a page of a listing, and each takes twenty times what it may take in the text.
constexpr int kElementsMax = 200'000;
constexpr std::string_view kSpace = " \t\r\n";

void AppendUtf8(uint32_t point, std::string* out) {
  DCHECK(point <= 0x10FFFF);
  if (point < 0x80) {
    *out += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    *out += static_cast<char>(0xC0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      *out += static_cast<char>(0xE0 | (point >> 12));
    } else {
      *out += static_cast<char>(0xF0 | (point >> 18));
      *out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    }
    *out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
  }
  *out += static_cast<char>(0x80 | (point & 0x3F));
}

// The character of "&#…;", or nothing for what is not one.
bool AppendNumbered(std::string_view digits, std::string* out) {
  const bool hex = digits.starts_with('x');
  if (hex) digits.remove_prefix(1);
  uint32_t point = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, point, hex ? 16 : 10);
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  if (error != std::errc() || stop != end || point == 0 || point > 0x10FFFF || surrogate) {
    return false;
  }
  AppendUtf8(point, out);
  return true;
}

bool AppendEntity(std::string_view name, std::string* out) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, c] : kNamed) {
    if (name == known) {
      *out += c;
      return true;
    }
  }
  return name.starts_with('#') && AppendNumbered(name.substr(1), out);
}

bool AppendText(std::string_view raw, std::string* out) {
  while (!raw.empty()) {
    const size_t entity = raw.find('&');
    out->append(raw.substr(0, entity));
    if (entity == std::string_view::npos) break;
    raw.remove_prefix(entity + 1);
    const size_t end = raw.find(';');
    if (end == std::string_view::npos || !AppendEntity(raw.substr(0, end), out)) return false;
    raw.remove_prefix(end + 1);
  }
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<XmlElement> Document() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    RETURN_IF_ERROR(SkipAside());
    XmlElement root;
    RETURN_IF_ERROR(Element(&root, 0));
    RETURN_IF_ERROR(SkipAside());
    if (!rest_.empty()) return Bad("there is something behind the root element");
    return root;
  }

 private:
  static Status Bad(std::string why) { return Status::Corrupt("not the XML of S3: " + why); }

  void SkipSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }

  // Skips what starts here up to and with `end`.
  Status SkipPast(std::string_view end) {
    const size_t place = rest_.find(end);
    if (place == std::string_view::npos) return Bad("it ends too early");
    rest_.remove_prefix(place + end.size());
    return Status::Ok();
  }

  // Space, comments and processing instructions around the root element.
  Status SkipAside() {
    for (;;) {
      SkipSpace();
      if (rest_.starts_with("<?")) {
        RETURN_IF_ERROR(SkipPast("?>"));
      } else if (rest_.starts_with("<!--")) {
        RETURN_IF_ERROR(SkipPast("-->"));
      } else {
        return Status::Ok();
      }
    }
  }

  // Reads "<name attributes>"; `open` says whether there will be an end tag.
  Status StartTag(std::string* name, bool* open) {
    if (!rest_.starts_with('<')) return Bad("an element was expected");
    rest_.remove_prefix(1);
    const size_t length = rest_.find_first_of(" \t\r\n/>");
    if (length == 0 || length == std::string_view::npos || rest_[0] == '!') {
      return Bad("an element has no name");
    }
    *name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return AttributesUntilEnd(open);
  }

  Status AttributesUntilEnd(bool* open) {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '"' || c == '\'') {  // A '>' inside a value does not end the tag.
        rest_.remove_prefix(1);
        RETURN_IF_ERROR(SkipPast(std::string_view(&c, 1)));
      } else if (c == '>') {
        rest_.remove_prefix(1);
        *open = true;
        return Status::Ok();
      } else if (rest_.starts_with("/>")) {
        rest_.remove_prefix(2);
        *open = false;
        return Status::Ok();
      } else {
        rest_.remove_prefix(1);
      }
    }
    return Bad("it ends inside a tag");
  }

  Status Element(XmlElement* element, int depth) {
    if (depth > kDepthMax) return Bad("it is nested too deep");
    if (++elements_ > kElementsMax) return Bad("it has too many elements");
    std::string name;
    bool open = false;
    RETURN_IF_ERROR(StartTag(&name, &open));
    const size_t colon = name.find(':');
    element->name = colon == std::string::npos ? name : name.substr(colon + 1);
    return open ? Content(element, name, depth) : Status::Ok();
  }

  Status Content(XmlElement* element, const std::string& name, int depth) {
    for (;;) {
      const size_t tag = rest_.find('<');
      if (tag == std::string_view::npos) return Bad("<" + element->name + "> is not closed");
      if (!AppendText(rest_.substr(0, tag), &element->text)) return Bad("an unknown entity");
      rest_.remove_prefix(tag);
      if (rest_.starts_with("</")) return EndTag(name);
      if (rest_.starts_with("<!--")) {
        RETURN_IF_ERROR(SkipPast("-->"));
      } else if (constexpr std::string_view kCdata = "<![CDATA["; rest_.starts_with(kCdata)) {
        rest_.remove_prefix(kCdata.size());
        element->text += rest_.substr(0, std::min(rest_.find("]]>"), rest_.size()));
        RETURN_IF_ERROR(SkipPast("]]>"));
      } else {
        RETURN_IF_ERROR(Element(&element->children.emplace_back(), depth + 1));
      }
    }
  }

  Status EndTag(const std::string& name) {
    DCHECK(rest_.starts_with("</"));
    rest_.remove_prefix(2);
    if (!rest_.starts_with(name)) return Bad("<" + name + "> is closed by another tag");
    rest_.remove_prefix(name.size());
    SkipSpace();
    if (!rest_.starts_with('>')) return Bad("<" + name + "> is closed by another tag");
    rest_.remove_prefix(1);
    return Status::Ok();
  }

  std::string_view rest_;
  int elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child_name) const {
  for (const XmlElement& child : children) {
    if (child.name == child_name) return &child;
  }
  return nullptr;
}

std::string_view XmlElement::ChildText(std::string_view child_name) const {
  const XmlElement* child = Child(child_name);
  return child == nullptr ? std::string_view() : std::string_view(child->text);
}

Result<XmlElement> ParseXml(std::string_view text) { return Parser(text).Document(); }

}  // namespace duckpond
