// SPDX-License-Identifier: MIT
#include "shell/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cwchar>

#include "shell/interrupt.h"

namespace duckpond {
namespace {

constexpr int kHistoryMax = 5000;

// Waits for a byte; false for Ctrl-C. The signal can come only while ppoll waits: had it come
// between a look for it and the wait, nobody would notice.
bool WaitForByte() {
  sigset_t interrupt;
  sigset_t before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &before);
  bool ready = false;
  while (!ready && !TakeInterrupt()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    ready = ppoll(&input, 1, nullptr, &before) > 0;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ready;
}

// libedit's own swallows one interrupted read.
int ReadCharacter(EditLine*, wchar_t* out) {
  std::mbstate_t state{};
  while (true) {
    if (!WaitForByte()) {
      errno = EINTR;
      return -1;
    }
    char byte = 0;
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got == 0) return 0;
    if (got < 0) {
      if (errno != EINTR) return -1;
      continue;
    }
    const size_t used = std::mbrtowc(out, &byte, 1, &state);
    constexpr auto kMore = static_cast<size_t>(-2);
    constexpr auto kBroken = static_cast<size_t>(-1);
    if (used == kMore) continue;
    if (used == kBroken) {
      state = {};
      continue;
    }
    return 1;
  }
}

}  // namespace

struct LineEditor::State {
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string history_path;
  std::string prompt;

  static char* Prompt(EditLine* editor) {
    State* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return self->prompt.data();
  }
};

LineEditor::LineEditor(std::string history_path) : state_(std::make_unique<State>()) {
  std::setlocale(LC_ALL, "");
  CatchInterrupts();
  state_->history_path = std::move(history_path);
  state_->history = history_init();
  HistEvent event;
  history(state_->history, &event, H_SETSIZE, kHistoryMax);
  history(state_->history, &event, H_SETUNIQUE, 1);
  if (!state_->history_path.empty()) {
    history(state_->history, &event, H_LOAD, state_->history_path.c_str());
  }
  state_->editor = el_init("duckpond", stdin, stdout, stderr);
  el_set(state_->editor, EL_CLIENTDATA, state_.get());
  el_set(state_->editor, EL_PROMPT, &State::Prompt);
  el_set(state_->editor, EL_EDITOR, "emacs");
  el_set(state_->editor, EL_HIST, history, state_->history);
  el_wset(state_->editor, EL_GETCFN, &ReadCharacter);
  el_set(state_->editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(state_->editor, nullptr);
}

LineEditor::~LineEditor() {
  if (!state_->history_path.empty()) {
    // Statements may hold secrets: the file is the user's own.
    const mode_t before = umask(S_IRWXG | S_IRWXO);
    HistEvent event;
    history(state_->history, &event, H_SAVE, state_->history_path.c_str());
    umask(before);
  }
  el_end(state_->editor);
  history_end(state_->history);
}

LineEditor::Got LineEditor::Read(const std::string& prompt, std::string& line) {
  state_->prompt = prompt;
  int length = 0;
  errno = 0;
  const char* text = el_gets(state_->editor, &length);
  if (!text || length <= 0) {
    if (length < 0 && errno == EINTR) {
      el_reset(state_->editor);
      return Got::kInterrupt;
    }
    return Got::kEnd;
  }
  line.assign(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return Got::kLine;
}

void LineEditor::Remember(const std::string& statement) {
  HistEvent event;
  history(state_->history, &event, H_ENTER, statement.c_str());
}

}  // namespace duckpond
