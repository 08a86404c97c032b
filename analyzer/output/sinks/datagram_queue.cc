// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/sinks/datagram_queue.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "analyzer/base/log.h"

namespace randguard {
namespace {

bool IsBusy(int error) { return error == EAGAIN || error == ENOBUFS; }

}  // namespace

int DatagramQueue::SendNow(std::string_view text) const {
  return socket_.connected() ? socket_.Send(text, /*wait=*/false) : ENOTCONN;
}

void DatagramQueue::Send(std::string_view text) {
  if (!waiting()) {
    const int error = SendNow(text);
    if (!IsBusy(error)) return Note(error, text.size());
  }
  if (waiting_bytes_ + text.size() > kBytesMax) return Note(EAGAIN, text.size());
  texts_.emplace_back(text);
  waiting_bytes_ += text.size();
}

void DatagramQueue::Flush() {
  while (waiting()) {
    const std::size_t size = texts_.front().size();
    const int error = SendNow(texts_.front());
    if (IsBusy(error)) return;
    texts_.pop_front();
    waiting_bytes_ -= size;
    Note(error, size);
  }
}

void DatagramQueue::Note(int error, std::size_t size) {
  error_ = error;
  if (error == 0) {
    bytes_ += size;
    if (said_ && !waiting()) {
      said_ = false;
      Log(LogLevel::kWarn, "%s takes lines again; %d were lost", service_, lost_);
    }
    return;
  }
  ++lost_;
  if (said_ || !may_say_()) return;
  said_ = true;
  Log(LogLevel::kError, "%s; lines are lost there, and counted", this->error());
}

std::string DatagramQueue::error() const {
  if (error_ == 0) return {};
  return absl::StrFormat("%s: %s", service_,
                         error_ == EAGAIN ? "it does not read" : std::strerror(error_));
}

}  // namespace randguard
