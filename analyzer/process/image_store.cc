// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/image_store.h"

#include <utility>

namespace randguard {

StoredImage::StoredImage(const ProgramImage& image, ImageStore& store, FairShare::Account account)
    : store_(store), account_(account) {
  image_.loginuid = image.loginuid;
  image_.exe_inode = image.exe_inode;
  image_.exe_dev = image.exe_dev;
  image_.trusted = image.trusted;
  image_.set_id = image.set_id;
  store_.shares_.Hold(account_);
  ++store_.images_;
  store_.TakeTexts(image, *this);
}

StoredImage::~StoredImage() {
  if (place_ != Place::kNowhere) store_.Leave(*this);
  store_.DropTexts(*this);
  --store_.images_;
  store_.shares_.Close(account_);
}

HeldImage ImageStore::Make(const ProgramImage& image, FairShare::Account account) {
  auto made = std::make_shared<StoredImage>(image, *this, account);
  MakeRoom();  // the others do
  if (queues_.size() <= account) queues_.resize(shares_.ids());
  if (made->charge_ > 0) Enter(*made, Place::kEnded);  // until a process runs it
  return HeldImage(std::move(made));
}

void ImageStore::TakeTexts(const ProgramImage& from, StoredImage& stored) {
  ProgramImage& image = stored.image_;
  image.exe_path = texts_.Take(from.exe_path);
  image.cwd = texts_.Take(from.cwd);
  image.tty = texts_.Take(from.tty);
  image.script_path = texts_.Take(from.script_path);
  if (from.args.has_value()) image.args = texts_.Copy(*from.args);
  Charge(stored);
}

void ImageStore::DropTexts(StoredImage& stored) {
  ProgramImage& image = stored.image_;
  texts_.Drop(std::exchange(image.exe_path, {}));
  texts_.Drop(std::exchange(image.cwd, {}));
  texts_.Drop(std::exchange(image.tty, {}));
  texts_.Drop(std::exchange(image.script_path, {}));
  if (image.args.has_value()) texts_.DropCopy(*image.args);
  image.args.reset();
  stored.charge_ = 0;
}

// Nobody's charge depends on who else has the same texts: those may go at any time.
void ImageStore::Charge(StoredImage& stored) {
  const ProgramImage& image = stored.image_;
  stored.charge_ = static_cast<std::uint32_t>(
      TextPool::BytesFor(image.exe_path) + TextPool::BytesFor(image.cwd) +
      TextPool::BytesFor(image.tty) + TextPool::BytesFor(image.script_path) +
      TextPool::BytesFor(image.args.value_or("")));
}

void ImageStore::Run(const HeldImage& image) {
  if (image == nullptr) return;
  StoredImage& stored = *image.stored_;
  if (stored.living_++ > 0 || stored.place_ != Place::kEnded) return;
  Unlink(stored);
  Link(stored, Place::kLiving);
  shares_.Change(stored.account_, FairShare::kEndedText, -std::int64_t{stored.charge_});
}

void ImageStore::Stop(const HeldImage& image) {
  if (image == nullptr) return;
  StoredImage& stored = *image.stored_;
  if (--stored.living_ > 0 || stored.place_ == Place::kNowhere) return;
  Unlink(stored);
  Link(stored, Place::kEnded);
  shares_.Change(stored.account_, FairShare::kEndedText, std::int64_t{stored.charge_});
}

ImageStore::Queue& ImageStore::QueueOf(const StoredImage& image) {
  Queues& queues = queues_[image.account_];
  if (image.place_ == Place::kEnded) return queues.ended;
  return image.place_ == Place::kLiving ? queues.living : queues.shortened;
}

void ImageStore::Unlink(StoredImage& image) {
  Queue& queue = QueueOf(image);
  (image.previous_ == nullptr ? queue.front : image.previous_->next_) = image.next_;
  (image.next_ == nullptr ? queue.back : image.next_->previous_) = image.previous_;
}

void ImageStore::Link(StoredImage& image, Place place) {
  image.place_ = place;
  Queue& queue = QueueOf(image);
  image.previous_ = queue.back;
  image.next_ = nullptr;
  (queue.back == nullptr ? queue.front : queue.back->next_) = &image;
  queue.back = &image;
}

void ImageStore::Leave(StoredImage& image) {
  Unlink(image);
  const auto charge = static_cast<std::int64_t>(image.charge_);
  shares_.Change(image.account_, FairShare::kText, -charge);
  if (image.place_ == Place::kEnded) {
    shares_.Change(image.account_, FairShare::kEndedText, -charge);
  }
  image.place_ = Place::kNowhere;
}

void ImageStore::Enter(StoredImage& image, Place place) {
  Link(image, place);
  const auto charge = static_cast<std::int64_t>(image.charge_);
  shares_.Change(image.account_, FairShare::kText, charge);
  if (place == Place::kEnded) shares_.Change(image.account_, FairShare::kEndedText, charge);
}

void ImageStore::MakeRoom() {
  while (texts_.bytes() > max_text_bytes_ && Forget()) {
  }
}

bool ImageStore::Forget() {
  const FairShare::Account ended = shares_.Largest(FairShare::kEndedText);
  if (ended != FairShare::kNone &&
      shares_.GroupAmount(ended, FairShare::kText) >= max_text_bytes_ / shares_.groups()) {
    ForgetAll(*queues_[ended].ended.front);
    return true;
  }
  const FairShare::Account most = shares_.Largest(FairShare::kText);
  if (most == FairShare::kNone) return false;
  Queues& queues = queues_[most];
  if (queues.ended.front != nullptr) {
    ForgetAll(*queues.ended.front);
  } else if (queues.living.front != nullptr) {
    Shorten(*queues.living.front);
  } else {
    ForgetAll(*queues.shortened.front);
  }
  return true;
}

void ImageStore::Shorten(StoredImage& stored) {
  Leave(stored);
  auto& args = stored.image_.args;
  if (args.has_value() && args->size() > kArgsWhenFull) {
    const std::string_view whole = *args;
    args = texts_.Copy(whole.substr(0, kArgsWhenFull));
    texts_.DropCopy(whole);
    Charge(stored);
    ++shortened_;
  }
  Enter(stored, Place::kShortened);
}

void ImageStore::ForgetAll(StoredImage& stored) {
  Leave(stored);
  DropTexts(stored);
  stored.image_.forgotten = true;
  ++forgotten_;
  if (stored.living_ > 0) ++living_forgotten_;
}

}  // namespace randguard
