// SPDX-License-Identifier: MIT
//
// Text forms of bytes: hexadecimal, base64 (RFC 4648, with padding) and percent-encoding (RFC
// 3986).
//
// Errors:  decoders return kInvalid for anything their encoder would not have written (hexadecimal
// is
//          read in either case).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace duckpond {

std::string HexEncode(std::string_view bytes);
Result<std::string> HexDecode(std::string_view text);

std::string Base64Encode(std::string_view bytes);
Result<std::string> Base64Decode(std::string_view text);

// Encodes all but letters, digits and "-._~"; a '/' stays when `keep_slash`.
std::string PercentEncode(std::string_view bytes, bool keep_slash);
Result<std::string> PercentDecode(std::string_view text);

}  // namespace duckpond
