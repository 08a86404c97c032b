// SPDX-License-Identifier: Apache-2.0
//
// Programs as they were started, with their texts. The texts of all programs together are bounded
// in bytes. When they take more, texts are forgotten: those of the user who has the most, first of
// programs that no living process runs.
#ifndef ANALYZER_PROCESS_IMAGE_STORE_H_
#define ANALYZER_PROCESS_IMAGE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/process/fair_share.h"
#include "analyzer/process/text_pool.h"

namespace randguard {

// A program as it was started. Processes share images, because a forked process goes on with its
// parent's program. Copying a path for each of a build's thousand forks would take most of the
// table's time.
struct ProgramImage {
  std::string_view exe_path;  // empty: unknown
  // At the start; each argument ends with NUL. Absent when arguments are not collected.
  std::optional<std::string_view> args;
  std::string_view cwd, tty;  // empty: unknown, none
  std::optional<std::uint32_t> loginuid;
  std::string_view script_path;  // empty: none, or unknown
  std::uint64_t exe_inode = 0;
  std::uint32_t exe_dev = 0;  // the kernel's dev_t
  bool forgotten = false;     // its texts were known once
  bool trusted = false;       // the host's own program (trust.h)
  // Its set-user-id or set-group-id bit gave it rights that its caller lacks. So the caller's
  // environment and debugger have no say in what it does.
  bool set_id = false;

  bool IsSameProgram(const ProgramImage& other) const {
    return exe_path == other.exe_path && exe_inode == other.exe_inode && exe_dev == other.exe_dev;
  }
};

class ImageStore;

// An image with texts of its own. Only the store changes it.
class StoredImage {
 public:
  StoredImage(const ProgramImage& image, ImageStore& store, FairShare::Account account);
  StoredImage(const StoredImage&) = delete;
  StoredImage& operator=(const StoredImage&) = delete;
  ~StoredImage();

  const ProgramImage& image() const { return image_; }

 private:
  friend class ImageStore;
  enum class Place : std::uint8_t { kNowhere, kEnded, kLiving, kShortened };

  ProgramImage image_;
  ImageStore& store_;
  StoredImage* previous_ = nullptr;
  StoredImage* next_ = nullptr;
  const FairShare::Account account_;
  std::uint32_t living_ = 0;  // processes that run it
  std::uint32_t charge_ = 0;  // bytes of its texts, as if nobody else had them
  Place place_ = Place::kNowhere;
};

// Whoever holds an image keeps it, but not its texts.
class HeldImage {
 public:
  HeldImage() = default;

  const ProgramImage* get() const { return stored_ == nullptr ? nullptr : &stored_->image(); }
  const ProgramImage& operator*() const { return stored_->image(); }
  const ProgramImage* operator->() const { return &stored_->image(); }
  friend bool operator==(const HeldImage& held, std::nullptr_t) { return held.stored_ == nullptr; }

 private:
  friend class ImageStore;
  explicit HeldImage(std::shared_ptr<StoredImage> stored) : stored_(std::move(stored)) {}

  std::shared_ptr<StoredImage> stored_;
};

class ImageStore {
 public:
  // Bytes of arguments that are kept at least while the program's path is.
  static constexpr std::size_t kArgsWhenFull = 128;

  // The shares are kept by reference, and so is this store by its images.
  ImageStore(std::size_t max_text_bytes, FairShare& shares)
      : max_text_bytes_(max_text_bytes), shares_(shares) {}
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  // Copies all texts, for the account of the one who started the program. Texts of other images may
  // be forgotten.
  HeldImage Make(const ProgramImage& image, FairShare::Account account);

  // A living process begins or ends to run the program. Null is no program.
  void Run(const HeldImage& image);
  void Stop(const HeldImage& image);

  std::size_t images() const { return images_; }
  std::size_t text_bytes() const { return texts_.bytes(); }
  // How many images have lost all their texts, and how many of these ran in a living process.
  std::uint64_t forgotten() const { return forgotten_; }
  std::uint64_t living_forgotten() const { return living_forgotten_; }
  // How many have lost the rest of their arguments.
  std::uint64_t shortened() const { return shortened_; }

 private:
  friend class StoredImage;
  using Place = StoredImage::Place;
  // Linked through the images; the front goes first.
  struct Queue {
    StoredImage* front = nullptr;
    StoredImage* back = nullptr;
  };
  struct Queues {
    Queue ended, living, shortened;
  };

  void TakeTexts(const ProgramImage& from, StoredImage& stored);
  void DropTexts(StoredImage& stored);
  void Shorten(StoredImage& stored);
  void Charge(StoredImage& stored);
  Queue& QueueOf(const StoredImage& image);
  // Out of its queue and into another one.
  void Unlink(StoredImage& image);
  void Link(StoredImage& image, Place place);
  // The same with its owner's amounts.
  void Leave(StoredImage& image);
  void Enter(StoredImage& image, Place place);
  void MakeRoom();
  // Makes the one that has the most go without a text. False: there are no texts.
  bool Forget();
  void ForgetAll(StoredImage& stored);

  const std::size_t max_text_bytes_;
  FairShare& shares_;
  TextPool texts_;
  std::vector<Queues> queues_;  // by account
  std::size_t images_ = 0;
  std::uint64_t forgotten_ = 0, living_forgotten_ = 0, shortened_ = 0;
};

}  // namespace randguard

#endif  // ANALYZER_PROCESS_IMAGE_STORE_H_
