// SPDX-License-Identifier: MIT
#include "server/access_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/encoding.h"
#include "base/json_writer.h"
#include "server/web_message.h"

namespace duckpond {
namespace {

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("duckpond",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    return made;
  }();
  return *logger;
}

}  // namespace

Status SetLogLevel(const std::string& level) {
  for (const auto& [name, value] :
       {std::pair("debug", spdlog::level::debug), std::pair("info", spdlog::level::info),
        std::pair("warn", spdlog::level::warn), std::pair("error", spdlog::level::err)}) {
    if (!SameText(level, name)) continue;
    Logger().set_level(value);
    return Status::Ok();
  }
  return Status::Invalid("the log level \"" + level +
                         "\" is not known; there are debug, info, warn and error");
}

void LogAccess(const AccessEntry& entry) {
  constexpr int kServerFault = 500;
  constexpr double kUsPerMs = 1e3;
  const bool failed = entry.status == 0 || entry.status >= kServerFault;
  Logger().log(failed ? spdlog::level::err : spdlog::level::info,
               "\"method\":{},\"path\":{},\"status\":{},\"ms\":{:.3f}", JsonQuote(entry.method),
               JsonQuote(PercentEncode(entry.path, /*keep_slash=*/true)), entry.status,
               static_cast<double>(entry.elapsed_us) / kUsPerMs);
}

void LogNotice(const std::string& text) { Logger().warn("\"notice\":{}", JsonQuote(text)); }

}  // namespace duckpond
