// SPDX-License-Identifier: Apache-2.0
//
// For scripts/lint: clang-tidy searches our own declarations, and not those of the libraries'
// headers, in which it reports nothing anyway and spends most of its time. Loaded with --load. The
// static analyzer, which looks at the main file alone, is not concerned. Only for clang 14: checks
// of later versions look at the translation unit itself, which is not visited.
#include <memory>
#include <string>
#include <vector>

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Frontend/FrontendPluginRegistry.h"

namespace {

class OwnCode : public clang::ASTConsumer {
 public:
  // Before clang-tidy's own consumer.
  void HandleTranslationUnit(clang::ASTContext& context) override {
    std::vector<clang::Decl*> own;
    for (clang::Decl* declaration : context.getTranslationUnitDecl()->decls()) {
      const clang::SourceLocation at = declaration->getLocation();
      if (at.isValid() && !context.getSourceManager().isInSystemHeader(at)) {
        own.push_back(declaration);
      }
    }
    context.setTraversalScope(own);
  }
};

class Action : public clang::PluginASTAction {
 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& /*compiler*/,
                                                        llvm::StringRef /*file*/) override {
    return std::make_unique<OwnCode>();
  }
  bool ParseArgs(const clang::CompilerInstance& /*compiler*/,
                 const std::vector<std::string>& /*arguments*/) override {
    return true;
  }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

const clang::FrontendPluginRegistry::Add<Action> kAction("own-code",
                                                         "searches no libraries' headers");

}  // namespace
