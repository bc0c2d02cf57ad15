// SPDX-License-Identifier: MIT
#include "net/http_transfer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "net/shown_url.h"

namespace duckpond {
namespace {

constexpr size_t kReplyHeaderBytesMax = 64 << 10;
constexpr size_t kReplyHeadersMax = 256;
// Taken from a Content-Length on trust at most; what comes beyond grows the buffer as it arrives.
constexpr uint64_t kReserveBytesMax = 16 << 20;
constexpr long kUploadBufferBytes = 256 << 10;
constexpr long kDownloadBufferBytes = 128 << 10;
// A second. Slower than any network that carries anything: a server that drips has stalled.
constexpr long kSpeedMinBytes = 64;
constexpr const char* kAlwaysDirect = "localhost,127.0.0.0/8,::1";

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// What to do about a failure, or nothing.
std::string_view AdviceOn(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "; who trusts it names the PEM file of its authority in AWS_CA_BUNDLE";
    case CURLE_SSL_CACERT_BADFILE:
      return "; the file is named by AWS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "; check the URL or endpoint, and whether this machine reaches it";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "; check the proxy that the environment names (https_proxy, http_proxy)";
    default:
      return {};
  }
}

}  // namespace

Status HttpTransfer::CheckRequest() const {
  const bool http = request_.url.starts_with("http://") || request_.url.starts_with("https://");
  if (!http || HasControl(request_.url)) {
    return Status::Invalid("not an http or https URL: " + ShownUrl(request_.url));
  }
  for (const HttpHeader& header : request_.headers) {
    // Values may be secrets: only the name is shown.
    if (header.name.empty() || HasControl(header.name) || HasControl(header.value)) {
      return Status::Invalid("a request header has control characters: " + header.name);
    }
  }
  return Status::Ok();
}

Status HttpTransfer::Attach(CURL* easy, const HttpSettings& settings) {
  CHECK(easy_ == nullptr);  // A request is sent once: what a first sending did is not forgotten.
  easy_ = easy;
  if (Status status = CheckRequest(); !status.ok()) return status;
  if (Status status = AddHeaders(); !status.ok()) return status;
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "duckpond");
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  // HTTP/2 would bring its own replays, and S3 does not speak it.
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, BeforeRequest);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  AttachBody();
  AttachLimits(settings);
  AttachRoute(settings);
  return Status::Ok();
}

Status HttpTransfer::AddHeaders() {
  std::vector<std::string> lines;
  for (const HttpHeader& header : request_.headers) {
    // libcurl drops a header without a value unless it ends in ';'.
    lines.push_back(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  // Said either way: left alone, libcurl decides by the size of the body.
  lines.emplace_back(request_.expect_continue ? "Expect: 100-continue" : "Expect:");
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    if (longer == nullptr) return Status::Exhausted("no memory for a request's headers");
    header_list_ = longer;
  }
  return Status::Ok();
}

void HttpTransfer::AttachBody() {
  const std::string& method = request_.method;
  if (method == "PUT" || method == "POST") {
    curl_easy_setopt(easy_, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy_, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, ReadBody);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
  } else if (method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kDownloadBufferBytes);
}

void HttpTransfer::AttachLimits(const HttpSettings& settings) {
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings.connect_timeout_ms));
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, kSpeedMinBytes);
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME,
                   std::max(1L, static_cast<long>(settings.stall_timeout_ms) / 1000));
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN,
                   std::max(1L, static_cast<long>(settings.idle_connection_ms_max) / 1000));
  // Without it, taking out a transfer that still resolves its host waits for the resolver, and
  // every other transfer with it.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
}

void HttpTransfer::AttachRoute(const HttpSettings& settings) {
  const bool tls = request_.url.starts_with("https://");
  // Set even when empty: libcurl would read the environment itself otherwise.
  curl_easy_setopt(easy_, CURLOPT_PROXY,
                   (tls ? settings.https_proxy : settings.http_proxy).c_str());
  std::string direct = kAlwaysDirect;
  if (!settings.no_proxy.empty()) direct += "," + settings.no_proxy;
  if (settings.no_proxy == "*") direct = "*";
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, direct.c_str());
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!settings.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, settings.ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
}

// libcurl sends a request again, unasked, when a connection it had kept dies before any answer
// ("Connection died, retrying a fresh connect"), and when a server refuses "Expect". Each sending
// passes here, so the second one is refused here.
int HttpTransfer::BeforeRequest(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  if (++transfer->attempts_ > 1) {
    transfer->replay_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  curl_easy_getinfo(transfer->easy_, CURLINFO_REQUEST_SIZE, &transfer->bytes_before_request_);
  return CURL_PREREQFUNC_OK;
}

size_t HttpTransfer::ReadBody(char* out, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  CHECK(transfer->body_offset_ <= transfer->request_.body.size());
  const std::string_view rest = transfer->request_.body.view().substr(transfer->body_offset_);
  const size_t length = std::min(rest.size(), size * count);
  std::memcpy(out, rest.data(), length);
  transfer->body_offset_ += length;
  return length;
}

// Starts the reply anew at each status line: an interim "100 Continue" comes before the real one.
bool HttpTransfer::StatusLine(std::string_view line) {
  if (!line.starts_with("HTTP/")) return false;
  reply_.headers.clear();
  reply_headers_ended_ = false;
  reply_.status = 0;
  const size_t space = line.find(' ');
  if (space != std::string_view::npos) {
    const std::string_view digits = line.substr(space + 1, 3);
    std::from_chars(digits.data(), digits.data() + digits.size(), reply_.status);
  }
  return true;
}

size_t HttpTransfer::TakeHeader(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const std::string_view line(data, size * count);
  transfer->reply_header_bytes_ += line.size();
  if (transfer->reply_header_bytes_ > kReplyHeaderBytesMax ||
      transfer->reply_.headers.size() >= kReplyHeadersMax) {
    transfer->too_much_ = "headers are more than a reply may have";
    return 0;
  }
  if (transfer->StatusLine(line)) return line.size();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    if (Trim(line).empty()) transfer->reply_headers_ended_ = true;
    return line.size();
  }
  transfer->reply_.headers.push_back(
      {LowerCase(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
  return line.size();
}

size_t HttpTransfer::TakeBody(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const size_t length = size * count;
  std::string& body = transfer->reply_body_;
  const uint64_t bytes_max = transfer->request_.reply_bytes_max;
  if (length > bytes_max || body.size() > bytes_max - length) {
    transfer->too_much_ = "body is longer than the " + std::to_string(bytes_max) + " bytes allowed";
    return 0;
  }
  if (body.empty()) {
    curl_off_t expected = 0;
    curl_easy_getinfo(transfer->easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected);
    if (expected > 0) {
      body.reserve(std::min({static_cast<uint64_t>(expected), bytes_max, kReserveBytesMax}));
    }
  }
  body.append(data, length);
  DCHECK(body.size() <= bytes_max);
  return length;
}

bool HttpTransfer::sent() const {
  CHECK(easy_ != nullptr);
  if (attempts_ == 0) return false;
  if (replay_refused_) return true;  // It was sent the first time; how much of it, nobody knows.
  long bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > bytes_before_request_;
}

std::string HttpTransfer::Describe(CURLcode code) const {
  std::string text = request_.method + " " + ShownUrl(request_.url) + ": ";
  if (cancelled) return text + "cancelled";
  if (replay_refused_) return text + "the connection was closed before an answer came";
  // OpenSSL's own words say little: "asn1 encoding routines::EVP lib".
  if (code == CURLE_SSL_CONNECT_ERROR) text += "the TLS handshake failed: ";
  if (code == CURLE_OPERATION_TIMEDOUT && error_[0] == '\0') {
    return text + "no whole answer came in the time that was left";
  }
  text += error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  return text.append(AdviceOn(code));
}

// Whether a reply that libcurl takes for whole may not be: it also accepts headers that break off,
// and a body that ends where the connection does, which a broken connection does as well, before
// the first byte too. Servers that answer a write leave the length of nothing out.
bool HttpTransfer::StoppedShort() const {
  if (!reply_headers_ended_) return true;
  constexpr int kNoContent = 204;
  const bool success = reply_.status >= 200 && reply_.status < 300 && reply_.status != kNoContent;
  const bool has_body = !reply_body_.empty() || request_.method == "GET";
  return success && has_body && !reply_.Find("content-length") && !reply_.Find("transfer-encoding");
}

Result<HttpReply> HttpTransfer::Finish(CURLcode code) {
  if (code == CURLE_OK) {
    if (StoppedShort()) return Status::Unknown(Describe(CURLE_PARTIAL_FILE));
    reply_.body = Bytes(std::move(reply_body_));
    return std::move(reply_);
  }
  if (!too_much_.empty()) {
    return Status::Exhausted(request_.method + " " + ShownUrl(request_.url) + ": the reply's " +
                             too_much_);
  }
  if (sent()) return Status::Unknown(Describe(code));
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Status::Invalid(Describe(code));
    default:
      return cancelled ? Status::Cancelled(Describe(code)) : Status::Unavailable(Describe(code));
  }
}

}  // namespace duckpond
