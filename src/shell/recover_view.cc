// SPDX-License-Identifier: MIT
#include "shell/recover_view.h"

#include <fmt/format.h>

#include "shell/log_view.h"

namespace duckpond {

std::string RecoverText(const Recovery& recovery, const CommandLine& line) {
  std::string text = fmt::format("{:<44} {:<19} {:>10}  {}\n", "copy", "written", "bytes", "holds");
  for (const LogCopy& copy : recovery.copies) {
    const std::string holds = copy.wrong.empty()
                                  ? fmt::format("versions {} to {}, the last of {}", copy.first,
                                                copy.last, TimeText(copy.last_time_us))
                                  : "no log: " + copy.wrong;
    text +=
        fmt::format("{:<44} {:<19} {:>10}  {}\n", Visible(copy.source),
                    copy.time_us == 0 ? "" : TimeText(copy.time_us), copy.bytes, Visible(holds));
  }
  const size_t versions_shown = RecoverOptions{}.copies_min;
  if (recovery.versions_read > versions_shown || recovery.more) {
    text += fmt::format("Looked at the newest {} versions, back to {}{}.\n", recovery.versions_read,
                        TimeText(recovery.oldest_us),
                        recovery.more ? "; older ones were not looked at" : ", which are all");
  }
  if (!recovery.outcome.ok()) return text;
  if (recovery.steps.empty()) {
    return text + "Nothing is wrong: no copy has more than pond.log itself.\n";
  }
  for (const std::string& step : recovery.steps) {
    text += (line.apply ? "done: " : "to do: ") + Visible(step) + "\n";
  }
  for (const std::string& loss : recovery.losses) text += "LOST: " + Visible(loss) + "\n";
  if (!line.apply) {
    text += "Nothing was written. Stop what writes to the pond, then add --apply.\n";
  }
  return text;
}

}  // namespace duckpond
