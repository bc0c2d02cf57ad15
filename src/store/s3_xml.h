// SPDX-License-Identifier: MIT
//
// Reads the little XML that S3 servers answer with: elements and their text, nothing else. Bytes of
// a server are not trusted: there are no document types or external entities, and depth and size
// are bounded.
//
// Threads:  pure functions.
// Errors:   kCorrupt for text that is not such XML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duckpond {

struct XmlElement {
  std::string name;  // Without a namespace prefix. Attributes are skipped.
  std::string text;  // Its own text, entities resolved; children's not included.
  std::vector<XmlElement> children;

  // The first child of that name, or null.
  const XmlElement* Child(std::string_view child_name) const;
  // That child's text, or nothing.
  std::string_view ChildText(std::string_view child_name) const;
};

// The root element.
Result<XmlElement> ParseXml(std::string_view text);

}  // namespace duckpond
